import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.Version;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.node.ClasspathNode;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestChannel;
import org.elasticsearch.rest.RestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.transport.netty4.Netty4Plugin;

/** One node on loopback: SearchNode HOME HTTP_PORT [SETTING=VALUE]... */
public class SearchNode {
  public static void main(String[] arguments) throws Exception {
    LogConfigurator.configureESLogging();
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
    Node node = new ClasspathNode(
        InternalSettingsPreparer.prepareEnvironment(settings.build(), Map.of(), config, () -> "node"),
        List.of(Netty4Plugin.class, RootPlugin.class));
    node.start();
    Lifeline.holdUntilReleased(node, home);
  }

  /** Answers GET / as the distribution's rest-root module does; that module is not published. */
  public static class RootPlugin extends Plugin implements ActionPlugin {
    @Override
    public Collection<RestHandler> getRestHandlers(
        RestHandlersServices services, Supplier<DiscoveryNodes> nodes, Predicate<NodeFeature> features) {
      return List.of(new RootHandler());
    }
  }

  private static class RootHandler implements RestHandler {
    private static final String BODY = """
        {"name": "node", "cluster_name": "tripline-tests", "version": {"number": "%s", "build_flavor": "default"}, "tagline": "You Know, for Search"}
        """.formatted(Version.CURRENT);

    @Override
    public List<Route> routes() {
      return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
    }

    @Override
    public void handleRequest(RestRequest request, RestChannel channel, NodeClient client) {
      channel.sendResponse(new RestResponse(RestStatus.OK, "application/json", BODY));
    }
  }
}
