// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Gpu;
import io.stoker.models.engine.GpuSupport;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TorchEngineTest {
  private final GpuSupport gpus = new TorchEngine().gpus().orElseThrow();

  @Test
  void isFoundByItsNameAndIsNotTheDefaultOfProcessors() {
    assertThat(Engines.named("torch")).isInstanceOf(TorchEngine.class);
    assertThat(Engines.named(Engines.AUTO).name()).isEqualTo("onednn");
    assertThat(Engines.all())
        .extracting(Engine::name)
        .containsSubsequence("onednn", "torch", "dl4j");
  }

  @Test
  void describesItsLibraryAndWhatItComputesOn() {
    assertThat(new TorchEngine().description())
        .contains("libtorch 2.10.0")
        .contains("for processors only")
        .contains("mvn -Ptorch-cuda")
        .contains("glibc");
  }

  @Test
  void theBuildForProcessorsRefusesGpusAndNamesTheOtherBuild() {
    assertThat(new TorchEngine().devices()).isEmpty();
    assertThatThrownBy(() -> Engines.onDevices("torch"))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("engine torch is for processors only")
        .hasMessageContaining("mvn -Ptorch-cuda");
  }

  @ParameterizedTest
  @CsvSource({
    "GTX 1080, 6.1, false",
    "V100, 7.0, false",
    "T4, 7.5, true",
    "A100, 8.0, true",
    "L4, 8.9, true",
    "H100, 9.0, true",
    "B200, 10.0, true",
    "B300, 10.3, true",
    "Jetson Thor, 11.0, false",
    "RTX 5090, 12.0, true",
    "unknown, 13.0, false",
  })
  void coversTheGpusForWhoseMajorVersionItHasCode(String name, double capability, boolean covered) {
    assertThat(gpus.covers(new Gpu(name, capability))).isEqualTo(covered);
  }

  @ParameterizedTest
  @CsvSource({
    "2.17, true",
    "2.28, true",
    "2.34, true",
    "2.35, false",
    "2.36, false",
    "2.40, false",
    "2.34.9000, true",
    "2.35.0, false",
    "3, false"
  })
  void anOldGlibcIsFoundBeforeLibrariesAreLoaded(String version, boolean tooOld) {
    Optional<String> reason = Libtorch.tooOld(Optional.of(version));

    assertThat(reason.isPresent()).isEqualTo(tooOld);
    reason.ifPresent(
        text -> assertThat(text).contains("needs glibc 2.35").contains("has " + version));
  }

  @Test
  void aSystemWithoutGlibcIsLeftToTheLinker() {
    assertThat(Libtorch.tooOld(Optional.empty())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"glibc 2.28, 2.28", "'glibc 2.41.9000\n', 2.41.9000", "glibc 2.36-x, 2.36"})
  void readsTheVersionOfGlibc(String output, String version) {
    assertThat(Libtorch.glibc(output)).contains(version);
  }

  @Test
  void textWithoutAVersionIsNoGlibc() {
    assertThat(Stream.of("", "glibc two", "musl 1.2", "undefined"))
        .allMatch(output -> Libtorch.glibc(output).isEmpty());
  }

  @Test
  void knowsTheGlibcOfThisSystem() {
    assertThat(Libtorch.glibc().orElseThrow()).matches("2\\.[0-9]+.*");
  }

  @Test
  void aMissingLibraryOfNvidiaIsNamedWithWhatToInstall() {
    UnsatisfiedLinkError error =
        new UnsatisfiedLinkError(
            "/x/libjnitorch.so: libcupti.so.13: cannot open shared object file: No such file or"
                + " directory");

    assertThat(Libtorch.explain(error))
        .startsWith("libcupti.so.13 is missing")
        .contains("CUDA 13 and cuDNN 9");
  }

  @Test
  void anotherMissingLibraryIsNamedToo() {
    assertThat(
            Libtorch.explain(
                new UnsatisfiedLinkError(
                    "/x/libjnitorch.so: libstdc++.so.6: cannot open shared object file")))
        .isEqualTo("libstdc++.so.6 is missing; install it");
  }

  @Test
  void aLibraryForANewerGlibcSaysSo() {
    assertThat(
            Libtorch.explain(
                new UnsatisfiedLinkError(
                    "/lib/libc.so.6: version `GLIBC_2.34' not found (required by /x/libtorch.so)")))
        .contains("needs glibc 2.35")
        .contains("GLIBC_2.34");
  }

  @Test
  void anOlderJavaCppBeforeTheRightOneIsNamed() {
    assertThat(Libtorch.otherJavaCpp(Optional.of("1.5.7")).orElseThrow())
        .contains("need JavaCPP 1.5.13")
        .contains("begins with 1.5.7")
        .contains("--driver-class-path");
    assertThat(Stream.of("1.5.13", "1.5.13.1", "1.6.0", "2"))
        .allMatch(newer -> Libtorch.otherJavaCpp(Optional.of(newer)).isEmpty());
    assertThat(Libtorch.otherJavaCpp(Optional.empty())).isEmpty();
  }

  @Test
  void cudnnChoosesByTimeOnlyWhereAUserSaysSo() {
    assertThat(Libtorch.timesCudnn("1")).isTrue();
    assertThat(Stream.of("", "0", "true", null)).noneMatch(Libtorch::timesCudnn);
  }

  @Test
  void refusesTf32OnProcessors() {
    ModelSpec model = Zoo.model("lenet5", 10);
    Arithmetic tf32 = new Arithmetic(Precision.TF32, ConvolutionAlgorithm.AUTO);

    for (Engine engine : Engines.all()) {
      assertThatThrownBy(() -> engine.create(model, 1, RateMultipliers.ones(model), tf32))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("Cannot compute in tf32 on processors")
          .hasMessageContaining("--engine torch --device gpu");
    }
  }

  /** JavaCPP warns of the older libraries that its newer version runs; users see no log of it. */
  @Tag("slow")
  @Test
  void whatJavaCppWarnsOfGoesToTheLog() throws Exception {
    Process process =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElseThrow(),
                "-cp",
                System.getProperty("java.class.path"),
                Start.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output.lines()).allMatch(line -> line.contains(" WARN  Loader: "));
  }

  /** Starts the engine and then the one on oneDNN, as {@code bench step --baseline} does. */
  static final class Start {
    private Start() {}

    public static void main(String[] arguments) {
      for (String name : new String[] {"torch", "onednn"}) {
        Engines.named(name).create(Zoo.model("lenet5", 10), 1).close();
      }
    }
  }

  @Test
  void refusesABatchOfNothing() {
    assertThatThrownBy(() -> new TorchEngine().create(Zoo.model("lenet5", 10), 0))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid batch size: 0");
  }
}
