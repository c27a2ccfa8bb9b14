// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/**
 * A node of a {@link KubernetesCluster}, in place of the kubelet: runs pods as {@link Pod} does,
 * reports their states, and ends those that are deleted.
 */
final class PodRunner implements AutoCloseable {
  static final String NODE = "here";
  private static final String NODES = "/api/v1/nodes";
  private static final String OF_THE_NODE = "/api/v1/pods?fieldSelector=spec.nodeName%3D" + NODE;
  private static final long HEARTBEAT_SECONDS = 10;
  private static final int FIRST_POD = 2;
  private static final int LAST_ADDRESS = 254;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final KubernetesCluster cluster;
  private final PodImage image;
  private final Path folder;
  private final Map<String, Pod> pods = new HashMap<>();

  /** Pods that wait for an image or a secret, by their identity. */
  private final Set<String> refused = new HashSet<>();

  private final Thread thread = new Thread(this::run, "pods");
  private int lastAddress = FIRST_POD;
  private volatile boolean ended;

  private PodRunner(KubernetesCluster cluster, PodImage image, Path folder) {
    this.cluster = cluster;
    this.image = image;
    this.folder = folder;
  }

  /**
   * Adds a node to a cluster.
   *
   * @param image the only image that the node can pull
   * @param folder where files and logs of pods are kept
   * @param cores the processors that the node says it has
   */
  static PodRunner start(KubernetesCluster cluster, PodImage image, Path folder, int cores)
      throws IOException {
    PodRunner runner = new PodRunner(cluster, image, Files.createDirectories(folder));
    runner.register(cores);
    runner.thread.setDaemon(true);
    runner.thread.start();
    return runner;
  }

  private void register(int cores) {
    ObjectNode node = JSON.createObjectNode().put("apiVersion", "v1").put("kind", "Node");
    ObjectNode metadata = node.putObject("metadata").put("name", NODE);
    metadata
        .putObject("labels")
        .put("kubernetes.io/arch", "amd64")
        .put("kubernetes.io/os", "linux")
        .put("kubernetes.io/hostname", NODE);
    KubernetesCluster.Answer answer = cluster.create("", node);
    if (!answer.isGood()) {
      throw new AssertionError("No node: " + answer.body());
    }
    ObjectNode status = JSON.createObjectNode();
    ObjectNode capacity = status.putObject("status").putObject("capacity");
    capacity.put("cpu", Integer.toString(cores)).put("memory", "64Gi").put("pods", "110");
    ((ObjectNode) status.get("status")).set("allocatable", capacity.deepCopy());
    cluster.patch(NODES + "/" + NODE + "/status", status.toString());
    heartbeat();
  }

  /** Without it the controller manager says that the node is lost. */
  private void heartbeat() {
    ObjectNode status = JSON.createObjectNode();
    condition(status.putObject("status").putArray("conditions"), "Ready")
        .put("reason", "KubeletReady")
        .put("message", "")
        .put("lastHeartbeatTime", now());
    cluster.patch(NODES + "/" + NODE + "/status", status.toString());
  }

  private static ObjectNode condition(ArrayNode conditions, String type) {
    return conditions
        .addObject()
        .put("type", type)
        .put("status", "True")
        .put("lastTransitionTime", now());
  }

  private static String now() {
    return Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
  }

  private void run() {
    long beat = System.nanoTime();
    while (!ended) {
      try {
        if (System.nanoTime() - beat > TimeUnit.SECONDS.toNanos(HEARTBEAT_SECONDS)) {
          heartbeat();
          beat = System.nanoTime();
        }
        step();
      } catch (AssertionError | IOException | UncheckedIOException e) {
        if (!ended) {
          e.printStackTrace();
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    pods.values().forEach(Pod::kill);
  }

  private void step() throws IOException {
    KubernetesCluster.Answer all = cluster.get(OF_THE_NODE);
    if (!all.isGood()) {
      return;
    }
    Set<String> there = new HashSet<>();
    for (JsonNode pod : all.body().get("items")) {
      there.add(identity(pod));
      if (pod.at("/metadata").has("deletionTimestamp")) {
        end(pod);
      } else if (!pods.containsKey(identity(pod))) {
        begin(pod);
      }
    }
    // A pod that was deleted without grace is not listed any more.
    for (String gone : Set.copyOf(pods.keySet())) {
      if (!there.contains(gone)) {
        pods.remove(gone).kill();
      }
    }
    refused.retainAll(there);
    writeHosts();
    for (JsonNode pod : all.body().get("items")) {
      Pod running = pods.get(identity(pod));
      if (running != null) {
        report(pod, running);
      }
    }
  }

  private static String identity(JsonNode pod) {
    return pod.at("/metadata/uid").asText();
  }

  static String path(JsonNode pod) {
    return "/api/v1/namespaces/%s/pods/%s"
        .formatted(pod.at("/metadata/namespace").asText(), pod.at("/metadata/name").asText());
  }

  private void begin(JsonNode pod) throws IOException {
    if (!pod.at("/status/phase").asText().equals("Pending")) {
      return; // It has ended already.
    }
    JsonNode container = pod.at("/spec/containers/0");
    String name = container.get("image").asText();
    if (!name.equals(image.name())) {
      refuse(pod, "ImagePullBackOff", "Back-off pulling image \"%s\"".formatted(name));
      return;
    }
    Path files =
        Files.createDirectories(
            folder.resolve(pod.at("/metadata/name").asText() + "-" + identity(pod)));
    PodFiles podFiles = new PodFiles(cluster, pod, files, address());
    Optional<String> missing = podFiles.missing();
    if (missing.isPresent()) {
      refuse(pod, "CreateContainerConfigError", missing.get());
      return;
    }
    refused.remove(identity(pod));
    Pod started = Pod.start(podFiles, image);
    pods.put(identity(pod), started);
    writeHosts();
    started.proceed();
    status(pod, "Running", state("running").put("startedAt", now()), started.address());
  }

  /** Another address for each pod, which is used again after 250 others. */
  private String address() {
    lastAddress = lastAddress == LAST_ADDRESS ? FIRST_POD : lastAddress + 1;
    return cluster.address(lastAddress);
  }

  private void refuse(JsonNode pod, String reason, String message) {
    if (refused.add(identity(pod))) {
      status(pod, "Pending", state("waiting").put("reason", reason).put("message", message), "");
    }
  }

  private void end(JsonNode pod) {
    Pod running = pods.get(identity(pod));
    if (running != null && !running.isStopping()) {
      running.stop(pod.at("/metadata/deletionGracePeriodSeconds").asInt());
    }
    if (running == null || running.exitCode().isPresent()) {
      cluster.delete(path(pod), 0);
    }
  }

  private void report(JsonNode pod, Pod running) {
    if (running.exitCode().isPresent() && !running.isReported()) {
      running.setReported();
      int code = running.exitCode().getAsInt();
      ObjectNode terminated =
          state("terminated")
              .put("exitCode", code)
              .put("reason", code == 0 ? "Completed" : "Error")
              .put("startedAt", pod.at("/status/startTime").asText(now()))
              .put("finishedAt", now());
      status(pod, code == 0 ? "Succeeded" : "Failed", terminated, running.address());
    }
  }

  /** A container's state, which {@link #status} adds under its name. */
  private static ObjectNode state(String name) {
    return JSON.createObjectNode().putObject(name);
  }

  private void status(JsonNode pod, String phase, ObjectNode state, String address) {
    boolean runs = phase.equals("Running");
    ObjectNode change = JSON.createObjectNode();
    ObjectNode status = change.putObject("status").put("phase", phase);
    if (!address.isEmpty()) {
      status.put("hostIP", cluster.address(1)).put("podIP", address).put("startTime", now());
      status.putArray("podIPs").addObject().put("ip", address);
    }
    ArrayNode conditions = status.putArray("conditions");
    condition(conditions, "PodScheduled");
    condition(conditions, "Initialized");
    condition(conditions, "ContainersReady").put("status", runs ? "True" : "False");
    condition(conditions, "Ready").put("status", runs ? "True" : "False");
    ObjectNode container =
        status
            .putArray("containerStatuses")
            .addObject()
            .put("name", pod.at("/spec/containers/0/name").asText())
            .put("image", pod.at("/spec/containers/0/image").asText())
            .put("imageID", "")
            .put("ready", runs)
            .put("started", runs)
            .put("restartCount", 0);
    String name =
        state.has("exitCode") ? "terminated" : state.has("reason") ? "waiting" : "running";
    container.putObject("state").set(name, state);
    KubernetesCluster.Answer answer = cluster.patch(path(pod) + "/status", change.toString());
    if (!answer.isGood() && answer.status() != 404) {
      throw new AssertionError("Status of a pod refused: " + answer.body());
    }
  }

  /** Names of services, as the cluster's DNS has them, and each pod's own name. */
  private void writeHosts() throws IOException {
    Map<String, StringBuilder> services = new HashMap<>();
    for (JsonNode service : cluster.get("/api/v1/services").body().path("items")) {
      String namespace = service.at("/metadata/namespace").asText();
      String name = service.at("/metadata/name").asText();
      JsonNode selector = service.at("/spec/selector");
      for (Pod pod : pods.values()) {
        if (!selector.isEmpty() && pod.namespace().equals(namespace) && pod.hasLabels(selector)) {
          services
              .computeIfAbsent(namespace, key -> new StringBuilder())
              .append(
                  "%1$s %2$s %2$s.%3$s %2$s.%3$s.svc%n".formatted(pod.address(), name, namespace));
        }
      }
    }
    for (Pod pod : pods.values()) {
      pod.writeHosts(
          "127.0.0.1 localhost%n%s kubernetes.default.svc kubernetes%n%s %s%n%s"
              .formatted(
                  cluster.address(1),
                  pod.address(),
                  pod.name(),
                  services.getOrDefault(pod.namespace(), new StringBuilder())));
    }
  }

  /** What a pod has printed, also after it has gone; pods of a Job share the beginning of names. */
  String logs(String name) throws IOException {
    try (var all = Files.list(folder)) {
      return all.filter(each -> each.getFileName().toString().startsWith(name))
          .map(each -> each.resolve("log"))
          .filter(Files::exists)
          .map(PodRunner::text)
          .collect(Collectors.joining("\n"));
    }
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Makes a folder that everybody may write to, as an empty volume is. */
  static Path openFolder(Path folder) throws IOException {
    Files.createDirectories(folder);
    return Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
  }

  @Override
  public void close() {
    ended = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
