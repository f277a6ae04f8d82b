import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.opensearch.Version;
import org.opensearch.analysis.common.CommonAnalysisModulePlugin;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.index.mapper.MapperExtrasModulePlugin;
import org.opensearch.index.reindex.ReindexModulePlugin;
import org.opensearch.join.ParentJoinModulePlugin;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.painless.PainlessModulePlugin;
import org.opensearch.percolator.PercolatorModulePlugin;
import org.opensearch.plugins.PluginInfo;
import org.opensearch.transport.Netty4ModulePlugin;

/** One node on loopback: SearchNode HOME HTTP_PORT [SETTING=VALUE]... */
public class SearchNode extends Node {
  private static final Stream<Class<?>> PLUGINS = Stream.of(
      Netty4ModulePlugin.class,
      PercolatorModulePlugin.class,
      ReindexModulePlugin.class,
      MapperExtrasModulePlugin.class,
      ParentJoinModulePlugin.class,
      CommonAnalysisModulePlugin.class,
      PainlessModulePlugin.class);

  private SearchNode(Environment environment, Collection<PluginInfo> plugins) {
    super(environment, plugins, false);
  }

  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(arguments[0]).toAbsolutePath();
    Path config = Files.createDirectories(home.resolve("config"));
    Settings.Builder settings = Settings.builder()
        .put("path.home", home.toString())
        .put("cluster.name", "tripline-tests")
        .put("network.host", "127.0.0.1")
        .put("http.port", arguments[1])
        .put("transport.type", "netty4")
        .put("http.type", "netty4")
        .put("cluster.routing.allocation.disk.threshold_enabled", false);
    for (String setting : List.of(arguments).subList(2, arguments.length)) {
      String[] parts = setting.split("=", 2);
      settings.put(parts[0], parts[1]);
    }
    List<PluginInfo> plugins = PLUGINS.map(Class::getName).map(SearchNode::onTheClassPath).toList();
    Node node = new SearchNode(InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), config, () -> "node"), plugins);
    node.start();
    Lifeline.holdUntilReleased(node, home);
  }

  private static PluginInfo onTheClassPath(String name) {
    return new PluginInfo(name, "on the class path", "NA", Version.CURRENT, "21", name, null, List.of(), false);
  }
}
