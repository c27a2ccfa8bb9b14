// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The volumes and variables of a pod, from the objects that its description names. */
final class PodFiles {
  private final KubernetesCluster cluster;
  private final JsonNode pod;
  private final Path folder;
  private final String address;
  private final List<String> missing = new ArrayList<>();
  private final Map<String, Path> volumes = new TreeMap<>();
  private final Map<String, String> environment = new TreeMap<>();

  PodFiles(KubernetesCluster cluster, JsonNode pod, Path folder, String address)
      throws IOException {
    this.cluster = cluster;
    this.pod = pod;
    this.folder = folder;
    this.address = address;
    for (JsonNode volume : pod.at("/spec/volumes")) {
      volumes.put(volume.get("name").asText(), volume(volume));
    }
    for (JsonNode variable : container().path("env")) {
      environment.put(variable.get("name").asText(), value(variable));
    }
  }

  /** The object that the pod needs and that is not there. */
  Optional<String> missing() {
    return missing.stream().findFirst();
  }

  JsonNode pod() {
    return pod;
  }

  Path folder() {
    return folder;
  }

  String address() {
    return address;
  }

  JsonNode container() {
    return pod.at("/spec/containers/0");
  }

  Map<String, String> environment() {
    return environment;
  }

  /** Where in the pod each volume is mounted, a folder before those in it, and what is mounted. */
  Map<String, Path> mounts() {
    Map<String, Path> mounts = new TreeMap<>();
    for (JsonNode mount : container().path("volumeMounts")) {
      Path volume = volumes.get(mount.get("name").asText());
      mounts.put(mount.get("mountPath").asText(), volume.resolve(mount.path("subPath").asText("")));
    }
    return mounts;
  }

  private Path volume(JsonNode volume) throws IOException {
    Path files = PodRunner.openFolder(folder.resolve(volume.get("name").asText()));
    if (volume.has("hostPath")) {
      return Path.of(volume.at("/hostPath/path").asText());
    }
    if (volume.has("persistentVolumeClaim")) {
      return claimed(volume.at("/persistentVolumeClaim/claimName").asText());
    }
    if (volume.has("configMap")) {
      writeObject(
          files, "configmaps", volume.at("/configMap/name").asText(), volume.get("configMap"));
    } else if (volume.has("secret")) {
      writeObject(files, "secrets", volume.at("/secret/secretName").asText(), volume.get("secret"));
    } else if (volume.has("projected")) {
      for (JsonNode source : volume.at("/projected/sources")) {
        writeSource(files, source);
      }
    } else if (!volume.has("emptyDir")) {
      throw new AssertionError("No such volume here: " + volume);
    }
    return files;
  }

  /** What the API server adds to each pod: who it is, and how it reaches the API server. */
  private void writeSource(Path files, JsonNode source) throws IOException {
    if (source.has("serviceAccountToken")) {
      write(
          files,
          source.at("/serviceAccountToken/path").asText(),
          cluster.token(namespace(), pod.at("/spec/serviceAccountName").asText()));
    } else if (source.has("configMap")) {
      writeObject(
          files, "configmaps", source.at("/configMap/name").asText(), source.get("configMap"));
    } else if (source.has("downwardAPI")) {
      for (JsonNode item : source.at("/downwardAPI/items")) {
        write(files, item.get("path").asText(), field(item.at("/fieldRef/fieldPath").asText()));
      }
    } else {
      throw new AssertionError("No such source of a volume here: " + source);
    }
  }

  private void writeObject(Path files, String plural, String name, JsonNode reference)
      throws IOException {
    Optional<JsonNode> object = object(plural, name);
    if (object.isEmpty()) {
      return;
    }
    Map<String, String> names = new TreeMap<>();
    reference
        .path("items")
        .forEach(item -> names.put(item.get("key").asText(), item.get("path").asText()));
    for (Map.Entry<String, JsonNode> file : object.get().path("data").properties()) {
      if (names.isEmpty() || names.containsKey(file.getKey())) {
        write(
            files,
            names.getOrDefault(file.getKey(), file.getKey()),
            plural.equals("secrets")
                ? KubernetesCluster.decoded(file.getValue())
                : file.getValue().asText());
      }
    }
  }

  private static void write(Path files, String name, String text) throws IOException {
    Files.writeString(files.resolve(name), text);
  }

  private Path claimed(String claim) {
    String volume =
        object("persistentvolumeclaims", claim)
            .map(found -> found.at("/spec/volumeName").asText())
            .orElse("");
    return Path.of(
        cluster
            .get("/api/v1/persistentvolumes/" + volume)
            .body()
            .at("/spec/hostPath/path")
            .asText());
  }

  private Optional<JsonNode> object(String plural, String name) {
    KubernetesCluster.Answer answer =
        cluster.get("/api/v1/namespaces/%s/%s/%s".formatted(namespace(), plural, name));
    if (!answer.isGood()) {
      missing.add("%s \"%s\" not found".formatted(plural.replaceAll("s$", ""), name));
      return Optional.empty();
    }
    return Optional.of(answer.body());
  }

  private String value(JsonNode variable) {
    JsonNode from = variable.path("valueFrom");
    if (from.has("fieldRef")) {
      return field(from.at("/fieldRef/fieldPath").asText());
    }
    if (from.has("secretKeyRef")) {
      JsonNode reference = from.get("secretKeyRef");
      return object("secrets", reference.get("name").asText())
          .map(
              secret ->
                  KubernetesCluster.decoded(secret.at("/data").get(reference.get("key").asText())))
          .orElse("");
    }
    if (!from.isMissingNode()) {
      throw new AssertionError("No such source of a variable here: " + variable);
    }
    return variable.path("value").asText();
  }

  private String field(String path) {
    return path.equals("status.podIP") ? address : pod.at("/" + path.replace('.', '/')).asText();
  }

  private String namespace() {
    return pod.at("/metadata/namespace").asText();
  }
}
