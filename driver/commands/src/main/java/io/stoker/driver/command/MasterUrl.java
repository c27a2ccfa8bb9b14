// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;

/** Examines the URL of a Spark master before Spark is started. */
public final class MasterUrl {
  private static final String STANDALONE = "spark://";
  private static final String KUBERNETES = "k8s://";
  private static final int HTTP = 80;
  private static final int HTTPS = 443;
  private static final int PATIENCE_MILLISECONDS = 5000;

  private MasterUrl() {}

  /** Whether the job runs in this process; Spark's local-cluster starts others. */
  public static boolean isLocal(String master) {
    return master.equals("local") || master.startsWith("local[");
  }

  /** Whether the whole cluster is on this machine, in this process or in others. */
  public static boolean isOnThisMachine(String master) {
    return isLocal(master) || master.startsWith(STANDALONE + "127.");
  }

  /**
   * Tries to connect to the masters of a standalone cluster, or to the API server of Kubernetes:
   * Spark itself would need a minute, and many lines of log, to give up.
   *
   * @param master {@code spark://HOST:PORT[,HOST:PORT]...}, {@code k8s://[https://]HOST[:PORT]};
   *     any other master passes
   * @throws ResourceException if none accepts a connection
   */
  public static void checkReachable(String master) {
    if (master.startsWith(STANDALONE)
        && Arrays.stream(master.substring(STANDALONE.length()).split(","))
            .noneMatch(MasterUrl::answers)) {
      throw new ResourceException(
          "Cannot reach the Spark master %s: nothing answers there; is the cluster running?"
              .formatted(master));
    }
    if (master.startsWith(KUBERNETES) && !answers(apiServer(master))) {
      throw new ResourceException(
          "Cannot reach the API server of Kubernetes %s: nothing answers there; is the address that of kubectl cluster-info?"
              .formatted(master));
    }
  }

  /** The host and port of {@code k8s://[SCHEME://]HOST[:PORT][/PATH]}; Spark's default is https. */
  private static String apiServer(String master) {
    String url = master.substring(KUBERNETES.length());
    try {
      URI uri = new URI(url.contains("://") ? url : "https://" + url);
      int port = uri.getScheme().equals("http") ? HTTP : HTTPS;
      return uri.getHost() + ":" + (uri.getPort() < 0 ? port : uri.getPort());
    } catch (URISyntaxException e) {
      return ""; // Nothing answers there.
    }
  }

  private static boolean answers(String address) {
    int colon = address.lastIndexOf(':');
    try (Socket socket = new Socket()) {
      socket.connect(
          new InetSocketAddress(
              address.substring(0, Math.max(colon, 0)),
              Integer.parseInt(address.substring(colon + 1))),
          PATIENCE_MILLISECONDS);
      return true;
    } catch (IOException | IllegalArgumentException e) {
      return false;
    }
  }
}
