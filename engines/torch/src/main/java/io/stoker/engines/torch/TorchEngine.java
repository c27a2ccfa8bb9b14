// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.failure.Check;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
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
import java.util.SortedMap;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Context;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine for GPUs of today: libtorch, the library under PyTorch. The same code computes on
 * processors, where {@code onednn} is the faster engine and remains the default.
 */
public final class TorchEngine implements Engine {
  private static final Logger LOG = LoggerFactory.getLogger(TorchEngine.class);
  private static final int CUDA_MAJOR = 1000;
  private static final int CUDA_MINOR = 10;
  private static final int CUDNN_MAJOR = 10_000;
  private static final int CUDNN_MINOR = 100;

  /** The threads of a network on a processor. */
  static final int THREADS = Integer.getInteger("stoker.check.threads", 1);

  @Override
  public String name() {
    return "torch";
  }

  @Override
  public boolean available() {
    return Libtorch.failure().isEmpty();
  }

  @Override
  public String whyUnavailable() {
    Optional<String> driver =
        computesOnDevices() ? NvidiaMachine.here().driverProblem() : Optional.empty();
    return Stream.concat(driver.stream(), Libtorch.failure().stream())
        .collect(Collectors.joining("; and "));
  }

  /** Below {@code onednn}, which is faster on processors; above {@code dl4j}. */
  @Override
  public int rank() {
    return 15;
  }

  /**
   * One on a processor, whatever OMP_NUM_THREADS says. The check of a GPU takes more by a property
   * of the system, because the processor would be too slow to compare with.
   */
  @Override
  public int threads() {
    return THREADS;
  }

  @Override
  public SortedMap<String, String> environment(Precision precision) {
    SortedMap<String, String> environment = Engine.super.environment(precision);
    environment.putAll(
        Variables.of(
            "ATEN_",
            "CUBLAS_WORKSPACE_CONFIG",
            "DNNL_",
            "MKL_",
            "NVIDIA_TF32_OVERRIDE",
            "ONEDNN_",
            "TORCH_ALLOW_TF32",
            Libtorch.TIMED));
    return environment;
  }

  /** For a GPU, a quarter of the bytes is copied; on processors the images are read as quickly. */
  @Override
  public boolean prefersBytes() {
    return true;
  }

  @Override
  public String description() {
    return String.format(
        Locale.ROOT,
        "libtorch %s, %s, glibc %s, %d thread(s) a worker",
        Libtorch.VERSION,
        cuda(),
        Libtorch.glibc().orElse("unknown"),
        threads());
  }

  private static String cuda() {
    if (!new TorchGpus().isInThisBuild()) {
      return "for processors only (%s)".formatted(new TorchGpus().buildInstruction());
    }
    String versions =
        String.format(
            Locale.ROOT,
            "CUDA %s, cuDNN %s, code for %s (%s)",
            version(Context::versionCUDART, CUDA_MAJOR, CUDA_MINOR),
            version(Context::versionRuntimeCuDNN, CUDNN_MAJOR, CUDNN_MINOR),
            TorchGpus.architectures(),
            new TorchGpus().range());
    return Cuda.isUsable()
        ? String.format(
            Locale.ROOT,
            "%s, driver %s, %d GPU(s)%s",
            versions,
            NvidiaMachine.here().driver().orElse("unknown"),
            new Cuda().count(),
            Libtorch.timesCudnn(System.getenv(Libtorch.TIMED))
                ? ", cuDNN's fastest algorithms (other bits in each run)"
                : "")
        : "%s, no GPU: %s".formatted(versions, whyNoGpu());
  }

  private static String whyNoGpu() {
    NvidiaMachine here = NvidiaMachine.here();
    return here.driverProblem()
        .or(here::missingLibraries)
        .orElse(
            "the driver shows none to this process; see nvidia-smi, and CUDA_VISIBLE_DEVICES if it"
                + " is set");
  }

  @Override
  public Optional<String> whyNoDevices() {
    return computesOnDevices() && available() && !Cuda.isUsable()
        ? Optional.of(whyNoGpu())
        : Optional.empty();
  }

  private static String version(LongSupplier asked, int major, int minor) {
    try {
      long number = asked.getAsLong();
      return number <= 0
          ? "missing"
          : String.format(Locale.ROOT, "%d.%d", number / major, number % major / minor);
    } catch (RuntimeException e) {
      LOG.debug("libtorch's part for CUDA has not loaded", e);
      return "missing";
    }
  }

  @Override
  public Optional<GpuSupport> gpus() {
    return Optional.of(new TorchGpus());
  }

  @Override
  public Optional<Devices> devices() {
    return computesOnDevices() && available() && Cuda.isUsable()
        ? Optional.of(new Cuda())
        : Optional.empty();
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    return create(model, batchCapacity, rates, Settings.on(Cuda.bound(), Products.FP32));
  }

  @Override
  public Network create(
      ModelSpec model, int batchCapacity, RateMultipliers rates, Arithmetic arithmetic) {
    Settings settings = Settings.on(Cuda.bound(), products(model, batchCapacity, arithmetic));
    if (settings.products() == Products.TF32 && !settings.onGpu()) {
      Engine.refuseTf32(arithmetic);
    }
    return create(model, batchCapacity, rates, settings);
  }

  private Products products(ModelSpec model, int batchCapacity, Arithmetic arithmetic) {
    return switch (resolve(model, batchCapacity, arithmetic).precision()) {
      case FP32 -> Products.FP32;
      case BF16 -> Products.BF16;
      case TF32 -> Products.TF32;
    };
  }

  /** The thread that asks need not compute: whether it computes on a GPU, a network checks. */
  @Override
  public Arithmetic resolve(ModelSpec model, int batchCapacity, Arithmetic asked) {
    if (!computesOnDevices()) {
      Engine.refuseTf32(asked);
    }
    Check.input(
        !asked.convolution().isWinograd(),
        "Engine torch does not let a job choose Winograd convolutions: leave --convolution out, or"
            + " use --engine onednn");
    return new Arithmetic(asked.precision(), ConvolutionAlgorithm.DIRECT);
  }

  @SuppressWarnings("try") // The scope is opened and closed, and not used in between.
  Network create(ModelSpec model, int batchCapacity, RateMultipliers rates, Settings settings) {
    Check.input(batchCapacity >= 1, "Invalid batch size: %d (must be >= 1)", batchCapacity);
    Libtorch.failure()
        .ifPresent(
            reason -> {
              throw new ResourceException(
                  "Engine %s cannot run on this machine, because %s".formatted(name(), reason));
            });
    try (PointerScope scope = new PointerScope()) {
      NetworkMemory memory = new NetworkMemory(settings);
      try {
        return new TorchNetwork(memory, model, batchCapacity, rates);
      } catch (RuntimeException | Error e) { // Also memory that libtorch lacks.
        memory.close();
        throw e;
      }
    }
  }
}
