// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.models.spec.ModelSpec;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Engines that a jar of a user's registers, as with Spark's {@code --jars}. */
class AddedEngineTest {
  private static final Gpu HOPPER = new Gpu("NVIDIA H100", 9.0);
  private static final Gpu KEPLER = new Gpu("Tesla K20", 3.5);

  private final ClassLoader before = Thread.currentThread().getContextClassLoader();

  @TempDir Path folder;

  /** An engine that is found, though it can compute nothing. */
  public static final class Added implements Engine, GpuSupport {
    @Override
    public String name() {
      return "added";
    }

    @Override
    public boolean available() {
      return false;
    }

    @Override
    public String whyUnavailable() {
      return "it is an example";
    }

    @Override
    public int rank() {
      return 1000;
    }

    @Override
    public int threads() {
      return 1;
    }

    @Override
    public String description() {
      return "an example";
    }

    @Override
    public Optional<GpuSupport> gpus() {
      return Optional.of(this);
    }

    @Override
    public boolean isInThisBuild() {
      return true;
    }

    @Override
    public String buildInstruction() {
      return "build nothing";
    }

    @Override
    public boolean covers(Gpu gpu) {
      return gpu.computeCapability() >= 7.5;
    }

    @Override
    public String range() {
      return "compute capability 7.5 and later";
    }

    @Override
    public String requirements() {
      return "CUDA 13";
    }

    @Override
    public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
      throw new UnsupportedOperationException();
    }
  }

  @AfterEach
  void restore() {
    Thread.currentThread().setContextClassLoader(before);
  }

  private void register(String engine) throws IOException {
    Path services = Files.createDirectories(folder.resolve("META-INF/services"));
    Files.writeString(services.resolve(Engine.class.getName()), engine);
    Thread.currentThread()
        .setContextClassLoader(
            new URLClassLoader(new URL[] {folder.toUri().toURL()}, Engines.class.getClassLoader()));
  }

  @Test
  void isListedAndFoundByItsNameWhereTheJarIsKnown() throws IOException {
    register(Added.class.getName());

    assertThat(Engines.all()).extracting(Engine::name).startsWith("added").contains("onednn");
    assertThat(Engines.find("added")).isInstanceOf(Added.class);
    assertThat(Engines.named(Engines.AUTO).name()).isEqualTo("onednn");
    assertThatThrownBy(() -> Engines.named("added"))
        .isInstanceOf(ResourceException.class)
        .hasMessage("Engine added cannot run on this machine, because it is an example");

    restore();
    assertThatThrownBy(() -> Engines.find("added")).isInstanceOf(InputException.class);
  }

  @Test
  void takesTheCardsThatItSaysItHasCodeFor() throws IOException {
    register(Added.class.getName());
    Engine dl4j = Engines.find("dl4j");

    assertThat(Engines.onDevices("added").name()).isEqualTo("added");
    assertThat(Engines.verdict(HOPPER))
        .contains("usable by engine added")
        .contains("engine dl4j has code for compute capability 3.7 to 8.9 only");
    assertThatCode(() -> Engines.requireCode(Engines.find("added"), HOPPER, "GPU 0"))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> Engines.requireCode(dl4j, HOPPER, "GPU 0"))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("Cannot train on GPU 0, NVIDIA H100 (compute capability 9.0)")
        .hasMessageContaining("take --engine added, take another GPU");
    assertThatThrownBy(() -> Engines.requireCode(dl4j, KEPLER, "GPU 0"))
        .hasMessageContaining("only; take another GPU, or train on processors");
    assertThatThrownBy(() -> Engines.onDevices("onednn"))
        .hasMessageContaining("engine onednn is for processors only; take --engine added");
    assertThat(Engines.whyNoDevices(Engines.find("added")))
        .isEqualTo("engine added starts on no GPU there; it needs CUDA 13");
  }

  @Test
  void thatCannotBeLoadedIsNamed() throws IOException {
    register("com.example.Missing");

    assertThatThrownBy(Engines::all)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("com.example.Missing")
        .hasMessageContaining("--jars");
  }
}
