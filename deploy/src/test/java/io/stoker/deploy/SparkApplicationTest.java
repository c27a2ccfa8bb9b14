// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/**
 * The job for the Spark operator, against the operator's own definition of the resource: version
 * 2.5.2, without descriptions, and without the fields that are long and not used here.
 */
class SparkApplicationTest {
  private static final Path KUBERNETES = Path.of("kubernetes").toAbsolutePath();

  private static JsonNode application() throws IOException {
    String text = Files.readString(KUBERNETES.resolve("spark-application.yaml"));
    return new ObjectMapper().valueToTree(new Yaml().<Object>load(text));
  }

  /** The pods of train.yaml: the driver's and an executor's. */
  private static List<JsonNode> pods() throws IOException {
    List<JsonNode> pods = new ArrayList<>();
    for (Object each : new Yaml().loadAll(Files.readString(KUBERNETES.resolve("train.yaml")))) {
      JsonNode document = new ObjectMapper().valueToTree(each);
      if (document.at("/data").has("pod.yaml")) {
        String text = document.at("/data").get("pod.yaml").asText();
        JsonNode pod = new ObjectMapper().valueToTree(new Yaml().<Object>load(text));
        pods.add(pod.get("spec"));
      } else if (document.get("kind").asText().equals("Job")) {
        pods.add(document.at("/spec/template/spec"));
      }
    }
    return pods;
  }

  private static List<String> volumes(JsonNode pod) {
    List<String> names = new ArrayList<>();
    pod.get("volumes").forEach(volume -> names.add(volume.get("name").asText()));
    return names;
  }

  private static List<String> problems(JsonNode application) throws IOException {
    List<String> problems = new ArrayList<>();
    try (InputStream schema =
        SparkApplicationTest.class.getResourceAsStream("/spark-application-v1beta2.json")) {
      check(application, new ObjectMapper().readTree(schema), "", problems);
    }
    return problems;
  }

  /** Compares a value with its schema, as the API server does that refuses unknown fields. */
  private static void check(JsonNode value, JsonNode schema, String at, List<String> problems) {
    String type = schema.path("type").asText();
    boolean fits =
        switch (type) {
          case "object" -> value.isObject();
          case "array" -> value.isArray();
          case "string" -> value.isTextual();
          case "integer" -> value.isInt() && value.asInt() >= schema.path("minimum").asInt(0);
          case "boolean" -> value.isBoolean();
          default -> schema.path("x-kubernetes-int-or-string").asBoolean();
        };
    if (!fits) {
      problems.add(at + " is no " + type + ": " + value);
    }
    List<String> choices = new ArrayList<>();
    schema.path("enum").forEach(choice -> choices.add(choice.asText()));
    if (!choices.isEmpty() && !choices.contains(value.asText())) {
      problems.add(at + " is none of " + choices + ": " + value);
    }
    for (JsonNode required : schema.path("required")) {
      if (!value.has(required.asText())) {
        problems.add(at + " has no " + required.asText());
      }
    }
    value
        .elements()
        .forEachRemaining(
            each -> {
              if (schema.has("items")) {
                check(each, schema.get("items"), at + "[]", problems);
              }
            });
    if (type.equals("object") && (schema.has("properties") || schema.has("additionalProperties"))) {
      value
          .properties()
          .forEach(
              field -> {
                JsonNode known = schema.path("properties").path(field.getKey());
                JsonNode of = known.isMissingNode() ? schema.path("additionalProperties") : known;
                String inside = at + "." + field.getKey();
                if (of.isMissingNode()) {
                  problems.add(inside + " is not known");
                } else {
                  check(field.getValue(), of, inside, problems);
                }
              });
    }
  }

  @Test
  void theOperatorKnowsEachField() throws IOException {
    assertThat(problems(application())).isEmpty();
    assertThat(application().get("apiVersion").asText()).isEqualTo("sparkoperator.k8s.io/v1beta2");
  }

  @Test
  void theOperatorRefusesWhatItDoesNotKnow() throws IOException {
    JsonNode application = application();
    ObjectNode spec = (ObjectNode) application.get("spec");
    spec.put("type", "Kotlin");
    spec.remove("sparkVersion");
    ((ObjectNode) spec.get("executor")).put("instance", 4).put("cores", "two");

    assertThat(problems(application))
        .containsExactlyInAnyOrder(
            ".spec has no sparkVersion",
            ".spec.type is none of [Java, Python, Scala, R]: \"Kotlin\"",
            ".spec.executor.instance is not known",
            ".spec.executor.cores is no integer: \"two\"");
  }

  @Test
  void itIsTheJobOfTheOtherManifest() throws IOException {
    JsonNode spec = application().get("spec");
    JsonNode executor = spec.get("executor");
    String job = Files.readString(KUBERNETES.resolve("train.yaml"));

    for (JsonNode argument : spec.get("arguments")) {
      assertThat(job.replace('\n', ' ')).contains(" " + argument.asText().replace('=', ' ') + " ");
    }
    assertThat(job)
        .contains(
            "image: " + spec.get("image").asText() + "\n",
            "--class " + spec.get("mainClass").asText() + " ",
            spec.get("mainApplicationFile").asText(),
            "serviceAccountName: " + spec.at("/driver/serviceAccount").asText() + "\n",
            "spark.executor.instances=" + executor.get("instances").asText() + " ",
            "spark.executor.cores=" + executor.get("cores").asText() + " ",
            "spark.executor.memory=" + executor.get("memory").asText() + " ",
            "spark.executor.memoryOverhead=" + executor.get("memoryOverhead").asText() + " ",
            "\"" + executor.get("javaOptions").asText() + "\"");
  }

  @Test
  void noProcessIsRootOrWritesToTheImage() throws IOException {
    JsonNode spec = application().get("spec");
    for (String role : List.of("driver", "executor")) {
      assertThat(spec.at("/" + role + "/podSecurityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(spec.at("/" + role + "/securityContext/readOnlyRootFilesystem").asBoolean())
          .isTrue();
      assertThat(spec.at("/" + role + "/volumeMounts").findValuesAsText("name"))
          .containsExactlyElementsOf(volumes(spec));
    }
    assertThat(pods())
        .hasSize(2)
        .allSatisfy(
            pod -> {
              assertThat(pod.get("securityContext"))
                  .isEqualTo(spec.at("/executor/podSecurityContext"));
              assertThat(pod.at("/containers/0/securityContext"))
                  .isEqualTo(spec.at("/executor/securityContext"));
              assertThat(pod.at("/containers/0/volumeMounts").findValuesAsText("name"))
                  .containsExactlyElementsOf(volumes(pod));
            });
    assertThat(Files.readString(Path.of("docker/Dockerfile")))
        .contains("\nUSER " + spec.at("/driver/podSecurityContext/runAsUser").asText() + "\n");
  }
}
