use super::*;
use crate::config::{SETTINGS, documentation};

fn with_file(text: &str) -> (tempfile::TempDir, Sources) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.toml");
    std::fs::write(&path, text).unwrap();
    (directory, Sources { file: Some(path), ..Sources::default() })
}

fn variable(name: &str, value: &str) -> (String, String) {
    (name.to_owned(), value.to_owned())
}

#[test]
fn each_source_is_stronger_than_the_one_before() {
    let (_directory, mut sources) =
        with_file("listen = \"127.0.0.1:1\"\n[limits]\nbulk_collect_ids = 1\nsubscription_ids = 1\n");
    sources.environment = vec![
        variable("TRIPLINE_LISTEN", "127.0.0.1:2"),
        variable("TRIPLINE_LIMITS__SUBSCRIPTION_IDS", "2"),
        variable("UNRELATED", "3"),
        variable("TRIPLINE_SERVICE_HOST", "10.0.0.1"),
    ];
    sources.flags = vec![Given::by_flag("--listen", "127.0.0.1:3")];
    let loaded = load(sources).unwrap();
    assert_eq!(loaded.config.listen.port(), 3);
    assert_eq!(loaded.config.limits.subscription_ids.get(), 2);
    assert_eq!(loaded.config.limits.bulk_collect_ids.get(), 1);

    let printed = loaded.print();
    assert!(printed.contains("listen = \"127.0.0.1:3\"  # flag --listen\n"), "{printed}");
    assert!(
        printed.contains("limits.subscription_ids = 2  # environment variable TRIPLINE_LIMITS__SUBSCRIPTION_IDS\n"),
        "{printed}"
    );
    assert!(printed.contains("limits.bulk_collect_ids = 1  # file "), "{printed}");
    assert!(printed.contains("log.format = \"text\"  # default\n"), "{printed}");
    assert!(printed.contains("# jwt.secret_file is not set\n"), "{printed}");
}

#[test]
fn what_is_printed_is_a_configuration_file() {
    let (_directory, sources) = with_file("[sources.main]\nurls = [\"https://a:9200\"]\nrequest_timeout = \"5s\"\n");
    let printed = load(sources).unwrap().print();
    assert!(printed.contains("sources.main.request_timeout = \"5s\""), "{printed}");
    let (_directory, sources) = with_file(&printed);
    let again = load(sources).unwrap().print();
    let without_origins =
        |text: &str| text.lines().map(|line| line.split("  # ").next().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(without_origins(&again), without_origins(&printed));
}

#[test]
fn a_wrong_setting_is_named_with_its_source() {
    let cases = [
        ("lissten = \"127.0.0.1:1\"", "unknown setting \"lissten\" (file ", "did you mean \"listen\"?"),
        ("[jwt]\nsecret_fil = \"x\"", "unknown setting \"jwt.secret_fil\"", "did you mean \"jwt.secret_file\"?"),
        ("linger = \"1s\"", "unknown setting \"linger\"", "did you mean \"delivery.linger\"?"),
        ("listen = \"nowhere\"", "wrong setting \"listen\" (file ", "socket address"),
        ("[limits]\nbody_bytes = 0", "wrong setting \"limits.body_bytes\"", "nonzero"),
        ("[limits]\nbody_bytes = \"much\"", "wrong setting \"limits.body_bytes\"", "invalid type"),
        ("[delivery]\nlinger = \"a while\"", "wrong setting \"delivery.linger\"", "duration"),
        ("jwt = 3", "wrong setting \"jwt\"", "invalid type"),
        ("[jwt]\nalgorithm = \"none\"", "wrong setting \"jwt.algorithm\"", "HS256"),
        ("[jwt]\nalgorithm = \"RS256\"", "wrong setting \"jwt.algorithm\"", "public_key_file"),
        ("[jwt]\npublic_key_file = \"k.pem\"", "wrong setting \"jwt.public_key_file\"", "HS256"),
        ("store = \"elasticsearch\"", "wrong setting \"store\" (file ", "--elasticsearch-url"),
        ("percolator = \"elasticsearch\"", "wrong setting \"percolator\"", "set store too"),
        ("[elasticsearch]\nurls = [\"ftp://a\"]", "wrong setting \"elasticsearch.urls\"", "http://host:9200"),
        ("[elasticsearch]\nurls = [\"http://me:x@a\"]", "wrong setting \"elasticsearch.urls\"", "password_file"),
        ("[elasticsearch]\nusername = \"me\"", "wrong setting \"elasticsearch.username\"", "password_file"),
        ("[elasticsearch]\nprefix = \"Trip*\"", "wrong setting \"elasticsearch.prefix\"", "a-z"),
        ("[elasticsearch]\nshards = 0", "wrong setting \"elasticsearch.shards\"", "nonzero"),
        ("[sources.main]\nurl = \"http://a\"", "wrong setting \"sources.main.url\"", "urls"),
        ("[sources.main]\nurls = [\"http://me:x@a\"]", "wrong setting \"sources.main\"", "password_file"),
        ("[sources.main]\nurls = [\"http://a\"]\nusername = \"me\"", "wrong setting \"sources.main\"", "password_file"),
        ("[log]\nfilter = \"a=b=c\"", "wrong setting \"log.filter\"", ""),
        ("listen = ", "not valid TOML", "line 1"),
    ];
    for (text, begin, end) in cases {
        let (_directory, sources) = with_file(text);
        let message = load(sources).unwrap_err().to_string();
        assert!(message.contains(begin) && message.contains(end), "{text}: {message}");
    }
    let sources = Sources { environment: vec![variable("TRIPLINE_LIMITS__BODY", "1")], ..Sources::default() };
    let message = load(sources).unwrap_err().to_string();
    assert!(message.contains("\"limits.body\" (environment variable TRIPLINE_LIMITS__BODY)"), "{message}");
    let sources = Sources { file: Some(PathBuf::from("/nowhere/tripline.toml")), ..Sources::default() };
    assert!(load(sources).unwrap_err().to_string().contains("/nowhere/tripline.toml"));
}

#[test]
fn the_list_of_settings_is_complete() {
    let defaults = Figment::from(Serialized::defaults(Config::default()));
    let mut names = Vec::new();
    leaves("", &defaults.extract().unwrap(), &mut names);
    let mut listed: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    names.sort();
    listed.sort();
    assert_eq!(names, listed);
}

#[test]
fn the_page_on_configuration_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("TRIPLINE_WRITE_DOCS").is_some() {
        std::fs::write(&path, documentation()).unwrap();
    }
    let current = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(current == documentation(), "docs/configuration.md is old; TRIPLINE_WRITE_DOCS=1 writes it anew");
}
