// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;

/**
 * A pod of one container as a process of this machine, with a root, a host name, an address and
 * process numbers of its own ({@code pod.sh}).
 */
final class Pod {
  private final PodFiles files;
  private final PodImage image;
  private final Process process;
  private boolean stopping;
  private boolean reported;

  private Pod(PodFiles files, PodImage image, Process process) {
    this.files = files;
    this.image = image;
    this.process = process;
  }

  /** Starts a process that waits for {@link #proceed}. */
  static Pod start(PodFiles files, PodImage image) throws IOException {
    JsonNode container = files.container();
    boolean readOnly = container.at("/securityContext/readOnlyRootFilesystem").asBoolean();
    List<String> command =
        new ArrayList<>(
            List.of("unshare", "--mount", "--uts", "--pid", "--fork", "--kill-child=KILL", "bash"));
    command.add(PodImage.executable(files.folder().getParent(), "pod.sh").toString());
    command.add(Files.createDirectories(files.folder().resolve("root")).toString());
    command.add(files.pod().at("/metadata/name").asText());
    command.add(user(files));
    command.add(PodImage.WORKING_FOLDER);
    command.add(readOnly ? "ro" : "rw");
    if (container.has("command")) {
      container.get("command").forEach(word -> command.add(word.asText()));
    } else {
      command.add(PodImage.ENTRY_POINT);
    }
    container.path("args").forEach(word -> command.add(word.asText()));
    Files.createFile(files.folder().resolve("hosts"));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(files.folder().resolve("log").toFile());
    Map<String, String> environment = builder.environment();
    environment.clear();
    environment.putAll(image.environment());
    environment.putAll(files.environment());
    // Spark takes no address of the loopback interface by itself.
    environment.put("SPARK_LOCAL_IP", files.address());
    environment.put("KUBERNETES_SERVICE_HOST", "kubernetes.default.svc");
    environment.put("KUBERNETES_SERVICE_PORT", "443");
    return new Pod(files, image, builder.start());
  }

  private static String user(PodFiles files) {
    return files.pod().at("/spec/securityContext/runAsUser").asText("185");
  }

  /** Lets the container begin; what it needs of names is there. */
  void proceed() throws IOException {
    try (Writer mounts = process.outputWriter()) {
      for (Map.Entry<Path, String> file : image.files().entrySet()) {
        mounts.write("%s %s%n".formatted(file.getKey(), file.getValue()));
      }
      for (Map.Entry<String, Path> mount : files.mounts().entrySet()) {
        mounts.write("%s %s%n".formatted(mount.getValue(), mount.getKey()));
      }
      mounts.write("%s /etc/hosts%n".formatted(files.folder().resolve("hosts")));
    }
  }

  String name() {
    return files.pod().at("/metadata/name").asText();
  }

  String namespace() {
    return files.pod().at("/metadata/namespace").asText();
  }

  String address() {
    return files.address();
  }

  /** Whether it has the labels that a service selects. */
  boolean hasLabels(JsonNode selector) {
    JsonNode labels = files.pod().at("/metadata/labels");
    return selector.properties().stream()
        .allMatch(label -> label.getValue().equals(labels.get(label.getKey())));
  }

  /** Says which names it finds. The file stays the same, because it is mounted. */
  void writeHosts(String hosts) throws IOException {
    Path file = files.folder().resolve("hosts");
    if (!Files.readString(file).equals(hosts)) {
      Files.writeString(file, hosts);
    }
  }

  /** How its process ended, if it has ended. */
  OptionalInt exitCode() {
    return process.isAlive() ? OptionalInt.empty() : OptionalInt.of(process.exitValue());
  }

  boolean isReported() {
    return reported;
  }

  void setReported() {
    reported = true;
  }

  boolean isStopping() {
    return stopping;
  }

  /** Ends it as the kubelet does: by its own command, by a signal, and after some time by force. */
  void stop(int graceSeconds) {
    stopping = true;
    Thread thread = new Thread(() -> end(graceSeconds), "end of " + name());
    thread.setDaemon(true);
    thread.start();
  }

  private void end(int graceSeconds) {
    try {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(graceSeconds);
      JsonNode hook = files.container().at("/lifecycle/preStop/exec/command");
      if (hook.isArray()) {
        inside(hook).waitFor(graceSeconds, TimeUnit.SECONDS);
      }
      process.children().forEach(ProcessHandle::destroy);
      process.waitFor(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      kill();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A further process in the container. */
  private Process inside(JsonNode words) throws IOException {
    long first = process.children().findFirst().map(ProcessHandle::pid).orElse(process.pid());
    List<String> command =
        new ArrayList<>(
            List.of(
                "nsenter",
                "--target=" + first,
                "--mount",
                "--uts",
                "--pid",
                "--root",
                "setpriv",
                "--reuid=" + user(files),
                "--regid=" + user(files),
                "--clear-groups"));
    words.forEach(word -> command.add(word.asText()));
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(
            ProcessBuilder.Redirect.appendTo(files.folder().resolve("stop.log").toFile()))
        .start();
  }

  /** Ends all of its processes: with the first one in their space of process numbers, all end. */
  void kill() {
    process.children().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
