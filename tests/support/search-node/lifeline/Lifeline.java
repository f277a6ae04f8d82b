import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Ties a node's life to its standard input: when that closes, whoever started the node is gone or done with it. */
final class Lifeline {
  private Lifeline() {
  }

  static void holdUntilReleased(AutoCloseable node, Path home) throws Exception {
    while (System.in.read() >= 0) {
      // Nothing is said here; only the end counts.
    }
    // A node that does not close in time may not outlive its test.
    Thread closing = new Thread(() -> close(node), "close");
    closing.setDaemon(true);
    closing.start();
    closing.join(10_000);
    remove(home);
    Runtime.getRuntime().halt(0);
  }

  private static void close(AutoCloseable node) {
    try {
      node.close();
    } catch (Exception e) {
      e.printStackTrace();
    }
  }

  private static void remove(Path home) throws IOException {
    List<Path> paths;
    try (Stream<Path> all = Files.walk(home)) {
      paths = all.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }
}
