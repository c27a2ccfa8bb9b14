// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.deploy.Stoker.Outcome;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs the commands of {@code docs/tutorial.md}, in their order and as they stand there. */
class TutorialIT {
  private static final String LAUNCHER = "./stoker ";

  /** The photo that the page sends to the server, the first of its {@code predict}, too. */
  private static final String PHOTO = "photos/disc/0000000.jpg";

  @TempDir private static Path folder;

  /** The results of the commands, by command line. */
  private static final Map<String, JsonNode> RESULTS = new LinkedHashMap<>();

  @BeforeAll
  static void runAllCommands() throws IOException {
    Stoker stoker = Stoker.in(folder);
    for (String command : commands()) {
      Outcome outcome = stoker.run((command + " --json").split(" +"));
      assertThat(outcome.exitCode()).as(command + "\n" + outcome.err()).isZero();
      RESULTS.put(command, outcome.json());
    }
  }

  private static List<String> commands() throws IOException {
    List<String> commands = new ArrayList<>();
    boolean inBlock = false;
    String page = Files.readString(Stoker.checkout().resolve("docs/tutorial.md"));
    for (String line : page.replaceAll("\\\\\n *", "").lines().toList()) {
      inBlock ^= line.startsWith("```");
      if (inBlock && line.startsWith(LAUNCHER)) {
        commands.add(line.substring(LAUNCHER.length()));
      }
    }
    return commands;
  }

  @Test
  void theModelIsAsGoodAsThePageSays() {
    assertThat(result("evaluate").get("accuracy").asDouble()).isGreaterThan(0.95);
  }

  @Test
  void everyCommandLeavesWhatThePageShows() {
    for (String file :
        List.of(
            "sheet.png",
            "report.html",
            "MODEL_CARD.md",
            "model.onnx",
            "predictions.png",
            "predictions/_SUCCESS")) {
      assertThat(folder.resolve(file)).exists();
    }
    assertThat(folder.resolve("explained")).isDirectoryContaining("glob:**.png");
    assertThat(result("prepare").get("rejected").asInt()).isZero();
  }

  private static JsonNode result(String command) {
    return RESULTS.entrySet().stream()
        .filter(entry -> entry.getKey().startsWith(command + " "))
        .findFirst()
        .orElseThrow()
        .getValue();
  }

  @Test
  void theServerAnswersWithTheProbabilitiesOfPredict() throws IOException, InterruptedException {
    String python = System.getenv().getOrDefault("STOKER_TORCH_PYTHON", "python3");
    Assumptions.assumeTrue(
        Programs.succeeds(python, "-c", "import onnxruntime, numpy, PIL"),
        "there is no Python with onnxruntime, numpy and pillow (STOKER_TORCH_PYTHON)");
    Process server =
        new ProcessBuilder(
                python,
                Stoker.checkout().resolve("examples/python/serve.py").toString(),
                folder.resolve("model.onnx").toString(),
                "--port",
                "0")
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (BufferedReader out = server.inputReader()) {
      String body =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(URI.create(out.readLine()))
                      .POST(BodyPublishers.ofFile(folder.resolve(PHOTO)))
                      .build(),
                  BodyHandlers.ofString())
              .body();

      JsonNode served = new ObjectMapper().readTree(body);
      assertThat(served).hasSize(3);
      for (JsonNode predicted : result("predict").at("/predictions/0/classes")) {
        assertThat(served.get(predicted.get("name").asText()).asDouble())
            .isCloseTo(predicted.get("probability").asDouble(), within(0.001));
      }
    } finally {
      server.destroy();
    }
  }
}
