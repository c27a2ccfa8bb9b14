// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.base.library.NativeLibraries;
import io.stoker.models.engine.Devices;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.GpuSupport;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.Variables;
import io.stoker.models.spec.ModelSpec;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.SortedMap;
import org.nd4j.linalg.factory.Nd4j;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stock Deeplearning4j, on the ND4J backend that is on the class path: the processor's, or CUDA
 * with cuDNN. On a processor it is the reference and the baseline, and slower than the default
 * engine.
 *
 * <p>Without cuDNN, Deeplearning4j's gradient of local response normalization divides by the scale
 * of the wrong channel. The error is of the order of alpha times the squares of the activations,
 * which is negligible for AlexNet's alpha of 1e-4.
 */
public final class Dl4jEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(Dl4jEngine.class);

  @Override
  public String name() {
    return "dl4j";
  }

  @Override
  public boolean available() {
    verifyLibraries(); // A failure is not for the engine to hide.
    try {
      return Nd4j.getBackend() != null;
    } catch (RuntimeException | LinkageError e) {
      LOG.debug("ND4J does not start", e);
      return false;
    }
  }

  @Override
  public String whyUnavailable() {
    return NativeLibraries.whyNotLoaded();
  }

  private static void verifyLibraries() {
    NativeLibraries.verify("org/bytedeco");
    NativeLibraries.verify("org/nd4j");
  }

  @Override
  public Optional<GpuSupport> gpus() {
    return Optional.of(new Nd4jGpus());
  }

  @Override
  public Optional<Devices> devices() {
    return available() && !Nd4j.getEnvironment().isCPU()
        ? Optional.of(new Nd4jDevices())
        : Optional.empty();
  }

  @Override
  public int rank() {
    return 10;
  }

  /** One on a processor, whatever OMP_NUM_THREADS says. */
  @Override
  public int threads() {
    Nd4jProcessor.useOneThread();
    return Nd4j.getEnvironment().maxMasterThreads();
  }

  @Override
  public SortedMap<String, String> environment(Precision precision) {
    SortedMap<String, String> environment = Engine.super.environment(precision);
    environment.putAll(Variables.of("DNNL_", "MKL_", "ONEDNN_", "OPENBLAS_", "SD_"));
    if (Nd4j.getEnvironment().isCPU()) {
      environment.put("blas", Nd4jProcessor.blas());
    }
    return environment;
  }

  @Override
  public String description() {
    Properties environment = Nd4j.getExecutioner().getEnvironmentInformation();
    return String.format(
        Locale.ROOT,
        "Deeplearning4j on ND4J, backend %s, BLAS %s, threads: %d",
        environment.getProperty("backend"),
        environment.getProperty("blas.vendor"),
        threads());
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    verifyLibraries();
    Nd4jProcessor.useOneThread();
    return new Dl4jNetwork(model, batchCapacity, rates);
  }
}
