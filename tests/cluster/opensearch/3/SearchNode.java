import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.opensearch.common.settings.Settings;
import org.opensearch.env.Environment;
import org.opensearch.node.InternalSettingsPreparer;
import org.opensearch.node.Node;
import org.opensearch.Version;
import org.opensearch.plugins.PluginInfo;

/** A search node of the tests: settings come as arguments of the form name=value. */
public final class SearchNode extends Node {
    private SearchNode(Environment environment, Collection<PluginInfo> plugins) {
        super(environment, plugins, true);
    }

    public static void main(String[] args) throws Exception {
        Settings.Builder settings = Settings.builder();
        for (String arg : args) {
            int at = arg.indexOf('=');
            settings.put(arg.substring(0, at), arg.substring(at + 1));
        }
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            settings.build(), Map.of(), null, () -> "node");
        List<PluginInfo> plugins = new ArrayList<>();
        for (String name : List.of(
                "org.opensearch.transport.Netty4ModulePlugin",
                "org.opensearch.analysis.common.CommonAnalysisModulePlugin")) {
            plugins.add(new PluginInfo(name, "classpath plugin", "NA", Version.CURRENT, "21", name, null, List.of(), false));
        }
        SearchNode node = new SearchNode(environment, plugins);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try { node.close(); } catch (Exception ignored) { }
        }));
        node.start();
        // The process lives as long as whoever started it keeps its input open.
        while (System.in.read() >= 0) { }
        System.exit(0);
    }
}
