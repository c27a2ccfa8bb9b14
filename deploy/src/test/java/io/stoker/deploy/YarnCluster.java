// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.metrics2.lib.DefaultMetricsSystem;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.exceptions.YarnException;
import org.apache.hadoop.yarn.server.nodemanager.NodeManager;
import org.apache.hadoop.yarn.server.resourcemanager.ResourceManager;

/**
 * YARN's resource manager and node managers, in this process. Each node has an address of its own
 * on the loopback network, and memory for one executor; containers are processes.
 */
final class YarnCluster implements AutoCloseable {
  private static final String MANAGER_HOST = "127.0.0.1";
  private static final int NODE_MEGABYTES = 6 << 10;
  private static final int SECONDS_TO_LEAVE = 600;

  /** Of the servers of pages, which tell each class that they find. */
  private static final Logger SERVERS = Logger.getLogger("org.apache.hadoop.shaded.com");

  private final Path folder;
  private final Path excluded;
  private final ResourceManager manager = new ResourceManager();
  private final List<NodeManager> nodes = new ArrayList<>();

  private YarnCluster(Path folder) {
    this.folder = folder;
    this.excluded = folder.resolve("excluded");
  }

  /** Starts a resource manager and nodes that keep their files in a folder. */
  static YarnCluster start(Path folder, int nodes) throws IOException {
    Files.createDirectories(folder);
    SERVERS.setLevel(Level.SEVERE);
    DefaultMetricsSystem.setMiniClusterMode(true); // Each node registers the same metrics.
    YarnCluster cluster = new YarnCluster(folder);
    try {
      cluster.startManager();
      for (int i = 0; i < nodes; i++) {
        cluster.startNode();
      }
      cluster.writeClientConfiguration();
    } catch (IOException | RuntimeException e) {
      cluster.close();
      throw e;
    }
    return cluster;
  }

  private void startManager() throws IOException {
    Files.createFile(excluded);
    YarnConfiguration conf = new YarnConfiguration();
    for (String address :
        List.of(
            YarnConfiguration.RM_ADDRESS,
            YarnConfiguration.RM_SCHEDULER_ADDRESS,
            YarnConfiguration.RM_RESOURCE_TRACKER_ADDRESS,
            YarnConfiguration.RM_ADMIN_ADDRESS,
            YarnConfiguration.RM_WEBAPP_ADDRESS)) {
      conf.set(address, MANAGER_HOST + ":0");
    }
    conf.setInt(YarnConfiguration.RM_NM_HEARTBEAT_INTERVAL_MS, 100);
    conf.set(YarnConfiguration.RM_NODES_EXCLUDE_FILE_PATH, excluded.toString());
    manager.init(conf);
    manager.start();
  }

  /** The host of a node, counted from 0. */
  private static String host(int node) {
    return "127.0.0." + (node + 2);
  }

  private void startNode() {
    String host = host(nodes.size());
    YarnConfiguration conf = new YarnConfiguration(manager.getConfig());
    for (String address :
        List.of(
            YarnConfiguration.NM_ADDRESS,
            YarnConfiguration.NM_LOCALIZER_ADDRESS,
            YarnConfiguration.NM_WEBAPP_ADDRESS)) {
      conf.set(address, host + ":0");
    }
    conf.set(YarnConfiguration.NM_LOCAL_DIRS, folder.resolve(host + "/local").toString());
    conf.set(YarnConfiguration.NM_LOG_DIRS, folder.resolve(host + "/logs").toString());
    conf.setInt(YarnConfiguration.NM_PMEM_MB, NODE_MEGABYTES);
    conf.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
    conf.setBoolean(YarnConfiguration.NM_PMEM_CHECK_ENABLED, false);
    conf.setBoolean(YarnConfiguration.NM_DISK_HEALTH_CHECK_ENABLE, false);
    conf.setLong(YarnConfiguration.NM_PROCESS_KILL_WAIT_MS, 0);
    conf.setInt(YarnConfiguration.NM_LOG_RETAIN_SECONDS, 0); // Else it waits for them as it stops.
    NodeManager node = new NodeManager();
    nodes.add(node);
    node.init(conf);
    node.start();
  }

  /** What clients read. */
  private void writeClientConfiguration() throws IOException {
    Files.createDirectories(configuration());
    try (OutputStream out = Files.newOutputStream(configuration().resolve("yarn-site.xml"))) {
      manager.getConfig().writeXml(out);
    }
  }

  /** The folder that HADOOP_CONF_DIR names. */
  Path configuration() {
    return folder.resolve("conf");
  }

  /** The nodes that run containers of an application besides its master. */
  Set<Integer> nodesWithExecutors() {
    return IntStream.range(0, nodes.size())
        .filter(
            node ->
                nodes.get(node).getNMContext().getContainers().keySet().stream()
                    .anyMatch(container -> container.getContainerId() > 1))
        .boxed()
        .collect(Collectors.toSet());
  }

  /** Tells a node to leave when its applications are over, as an operator does. */
  void decommission(int node) throws IOException, YarnException {
    Files.writeString(excluded, host(node) + "\n");
    // What `yarn rmadmin -refreshNodes -g` does, whose configuration is a file on the class path.
    manager
        .getRMContext()
        .getNodesListManager()
        .refreshNodesGracefully(manager.getConfig(), SECONDS_TO_LEAVE);
  }

  @Override
  public void close() {
    nodes.parallelStream().forEach(NodeManager::stop);
    manager.stop();
  }
}
