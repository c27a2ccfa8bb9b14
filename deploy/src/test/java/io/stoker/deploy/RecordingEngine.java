// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Gpu;
import io.stoker.models.engine.GpuSupport;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.ModelSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/**
 * The CPU engine with made-up GPUs: everything a job does on a machine with GPUs, up to the call
 * that binds a thread to one. Here this call leaves a file.
 */
public final class RecordingEngine implements Engine, Devices, GpuSupport {
  /** The environment variable that names the folder of these files. */
  static final String FOLDER = "RECORDING_ENGINE_FOLDER";

  private static final int CARDS = 16;
  private static final String SERVICE = "META-INF/services/" + Engine.class.getName();

  /** Writes a jar that brings this engine to a Stoker that has never heard of it. */
  static void writeJar(Path file) throws IOException {
    String name = RecordingEngine.class.getName();
    String classFile = name.replace('.', '/') + ".class";
    try (OutputStream output = Files.newOutputStream(file);
        JarOutputStream jar = new JarOutputStream(output)) {
      jar.putNextEntry(new JarEntry(classFile));
      jar.write(
          RecordingEngine.class.getClassLoader().getResourceAsStream(classFile).readAllBytes());
      jar.putNextEntry(new JarEntry(SERVICE));
      jar.write(name.getBytes(StandardCharsets.UTF_8));
    }
  }

  private static Engine processor() {
    return Engines.named("onednn");
  }

  @Override
  public String name() {
    return "recording";
  }

  @Override
  public boolean available() {
    return true;
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public int threads() {
    return processor().threads();
  }

  @Override
  public String description() {
    return "made-up GPUs";
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
    return "nothing to build";
  }

  @Override
  public boolean covers(Gpu gpu) {
    return gpu.computeCapability() < 9;
  }

  @Override
  public String range() {
    return "compute capability below 9";
  }

  @Override
  public String requirements() {
    return "imagination";
  }

  @Override
  public Optional<Devices> devices() {
    return Optional.of(this);
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    return processor().create(model, batchCapacity, rates);
  }

  @Override
  public int count() {
    return CARDS;
  }

  @Override
  public Gpu gpu(int device) {
    return new Gpu("a made-up card", 8.6);
  }

  @Override
  public void bind(int device) {
    try {
      Files.createFile(
          Path.of(
              System.getenv(FOLDER),
              String.format(
                  Locale.ROOT,
                  "%s-%d-%d",
                  SparkEnv.get().executorId(),
                  device,
                  TaskContext.get().taskAttemptId())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
