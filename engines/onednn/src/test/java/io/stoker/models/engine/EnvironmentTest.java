// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.base.Sha256;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import io.stoker.testing.OtherProcess;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Libraries read their variables once, when a process starts, so each is tried in its own. */
@Exact
@Tag("slow")
class EnvironmentTest {
  private static final List<String> ENGINES = List.of("onednn", "dl4j");

  private static Map<String, String> usual;

  @BeforeAll
  static void computeInTheUsualEnvironment() throws Exception {
    usual = steps("OMP_NUM_THREADS=1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "OMP_NUM_THREADS=3 OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=2 MKL_NUM_THREADS=2",
        "SD_MAX_THREADS=3 SD_MASTER_THREADS=3 ONEDNN_DEFAULT_FPMATH_MODE=ANY"
            + " ONEDNN_CPU_ISA_HINTS=PREFER_YMM",
      })
  void isWithoutInfluenceOnBits(String environment) throws Exception {
    Map<String, String> here = steps(environment);

    assertThat(ENGINES).allSatisfy(e -> assertThat(here.get(e)).isEqualTo(usual.get(e)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ONEDNN_MAX_CPU_ISA=AVX2",
        "DNNL_MAX_CPU_ISA=AVX",
        "ONEDNN_MAX_CPU_ISA=AVX512_MIC",
        "OPENBLAS_CORETYPE=Sandybridge",
      })
  void isNamedWhereBitsDependOnIt(String environment) throws Exception {
    Map<String, String> limited = steps(environment);

    for (String engine : ENGINES) {
      if (!limited.get(engine).equals(usual.get(engine))) {
        assertThat(limited.get(engine + " environment"))
            .isNotEqualTo(usual.get(engine + " environment"));
      }
    }
  }

  @Test
  void namesTheVariablesOfALibrary() {
    assertThat(
            Variables.of(
                Map.of("SD_X", "1", "SD_MAX_THREADS", "2", "DNNL_VERBOSE", "1", "HOME", "/"),
                "SD_",
                "DNNL_"))
        .containsExactly(Map.entry("SD_X", "1"));
  }

  /** What {@link Steps} prints in an environment, by the words before the colon. */
  private static Map<String, String> steps(String environment) throws Exception {
    String output =
        OtherProcess.run(
                Steps.class,
                List.of("-XX:TieredStopAtLevel=1"),
                variables -> {
                  variables.keySet().removeIf(name -> name.endsWith("_NUM_THREADS"));
                  for (String variable : environment.split(" ", -1)) {
                    if (!variable.isEmpty()) {
                      String[] parts = variable.split("=", 2);
                      variables.put(parts[0], parts[1]);
                    }
                  }
                })
            .succeeded()
            .output();
    Map<String, String> lines = new TreeMap<>();
    output
        .lines()
        .filter(line -> line.startsWith("step "))
        .map(line -> line.split(": ", 2))
        .forEach(line -> lines.put(line[0].substring("step ".length()), line[1]));
    assertThat(lines).as(output).hasSize(4);
    return lines;
  }

  /** Trains a small network with each engine, and prints the hash of its parameters. */
  static final class Steps {
    private static final int EXAMPLES = 8;

    private Steps() {}

    public static void main(String[] arguments) throws Exception {
      for (String name : ENGINES) {
        Engine engine = Engines.named(name);
        System.out.printf("step %s: %s%n", name, parametersAfterSteps(engine));
        System.out.printf("step %s environment: %s%n", name, engine.environment(Precision.FP32));
      }
    }

    private static String parametersAfterSteps(Engine engine) throws Exception {
      ModelSpec model = Zoo.model("alexnet-mini", 10);
      float[] parameters = new float[(int) model.parameterCount()];
      new InitialParameters(model, 3).fill(0, FloatBuffer.wrap(parameters));
      SplittableRandom random = new SplittableRandom(4);
      float[] images = new float[EXAMPLES * model.input().features()];
      for (int i = 0; i < images.length; i++) {
        images[i] = (float) random.nextGaussian();
      }
      float[] targets = new float[EXAMPLES * 10];
      Targets.fill(new int[] {1, 7, 3, 9, 0, 1, 2, 2}, EXAMPLES, 10, 0, targets);
      try (Network network = engine.create(model, EXAMPLES, RateMultipliers.ones(model))) {
        network.writeParameters(0, FloatBuffer.wrap(parameters));
        // Each thread has its own number of threads of OpenMP.
        for (int step = 0; step < 3; step++) {
          int seed = step;
          Thread thread =
              new Thread(
                  () -> {
                    network.computeGradients(images, targets, EXAMPLES, seed);
                    network.update(new StepSettings(0.01f, 0.9f, 5e-4f));
                  });
          thread.start();
          thread.join();
        }
        network.readParameters(0, FloatBuffer.wrap(parameters));
      }
      ByteBuffer bytes = ByteBuffer.allocate(parameters.length * Float.BYTES);
      bytes.asFloatBuffer().put(parameters);
      return Sha256.hex(bytes.array());
    }
  }
}
