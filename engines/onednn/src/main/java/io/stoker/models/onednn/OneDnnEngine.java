// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.base.library.NativeLibraries;
import io.stoker.failure.Check;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.OpenMp;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.onednn.layers.Workspace;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.rules.InstructionSet;
import io.stoker.models.onednn.rules.KernelRule;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.onednn.rules.Rounding;
import io.stoker.models.onednn.rules.ShapeRule;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.Comparator;
import java.util.Locale;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The engine for processors. It calls oneDNN's primitives directly, without a framework in between.
 * oneDNN chooses the code for the processor (SSE4.1, AVX2, AVX-512) at run time.
 */
public final class OneDnnEngine implements Engine {
  @Override
  public String name() {
    return "onednn";
  }

  @Override
  public boolean available() {
    NativeLibraries.verify("org/bytedeco"); // A failure is not for the engine to hide.
    try {
      return OneDnn.engine() != null;
    } catch (LinkageError e) {
      return false;
    }
  }

  @Override
  public String whyUnavailable() {
    return NativeLibraries.whyNotLoaded();
  }

  @Override
  public int rank() {
    return 20;
  }

  @Override
  public boolean reusesMemoryInPrediction() {
    return true;
  }

  /** One, whatever OMP_NUM_THREADS says, see {@link OpenMp}. */
  @Override
  public int threads() {
    return 1;
  }

  @Override
  public SortedMap<String, String> environment(Precision precision) {
    SortedMap<String, String> environment = Engine.super.environment(precision);
    environment.put(INSTRUCTION_SET, InstructionSet.here().deciding(precision).limit());
    if (dnnl.dnnl_get_cpu_isa_hints() != dnnl.dnnl_cpu_isa_no_hints) {
      environment.put("cpu_isa_hints", Integer.toString(dnnl.dnnl_get_cpu_isa_hints()));
    }
    return environment;
  }

  @Override
  public String description() {
    InstructionSet set = InstructionSet.here();
    return String.format(
        Locale.ROOT,
        "oneDNN %s, %s, %d thread(s) a worker; convolutions in fp32: %s; --precision bf16: %s; int8:"
            + " %s",
        OneDnn.version(),
        set,
        threads(),
        set.hasWinograd() ? "by Winograd where that is faster, else direct" : "direct",
        set.hasBfloat16() ? "yes" : "no, it needs avx512_bf16 or AMX",
        InstructionSet.multipliesBytes() ? "yes" : "no, it needs VNNI or AMX");
  }

  @Override
  public Arithmetic resolve(ModelSpec model, int batchCapacity, Arithmetic asked) {
    Engine.refuseTf32(asked);
    InstructionSet set = InstructionSet.here();
    if (asked.precision() == Precision.BF16 && !set.hasBfloat16()) {
      throw new ResourceException(
          "Cannot compute in bf16: this processor (%s) has neither avx512_bf16 nor AMX, and would be slower than in fp32; use --precision fp32"
              .formatted(set));
    }
    if (asked.convolution().isWinograd() && !set.hasWinograd()) {
      throw new ResourceException(
          "Cannot compute Winograd convolutions: this processor (%s) has no AVX-512; resume the run on a processor that has it, or begin one with --convolution direct"
              .formatted(set));
    }
    return new Arithmetic(
        asked.precision(), least(new ShapeRule(set, asked, batchCapacity), model));
  }

  /** The least choice of algorithms with which a model is computed as by a rule. */
  private static ConvolutionAlgorithm least(ShapeRule rule, ModelSpec model) {
    if (rule.needsBfloat16(model)) {
      return ConvolutionAlgorithm.BFLOAT16;
    }
    return Rounding.inTraining(rule, model)
        .orElseGet(
            () ->
                model.leaves().stream()
                    .map(layer -> rule.kernel(layer).algorithm())
                    .max(Comparator.naturalOrder())
                    .orElse(ConvolutionAlgorithm.DIRECT));
  }

  @Override
  public void requireInt8(ModelSpec model, Quantization quantization) {
    requireInt8(model, quantization, InstructionSet.multipliesBytes());
  }

  /**
   * As {@link #requireInt8(ModelSpec, Quantization)}, for any processor.
   *
   * @param multipliesBytes whether it has instructions for integers of 8 bits
   */
  static void requireInt8(ModelSpec model, Quantization quantization, boolean multipliesBytes) {
    Check.input(
        quantization.isEmpty() || multipliesBytes,
        "Cannot compute in int8: this processor has neither VNNI nor AMX (avx512_vnni, avx_vnni,"
            + " amx_int8); use another machine, or a model that is not in int8");
    quantization.requireLayersOf(model);
  }

  @Override
  public String algorithm(
      ModelSpec.Placed layer, int batchCapacity, Arithmetic arithmetic, boolean inference) {
    KernelRule rule = new ShapeRule(InstructionSet.here(), arithmetic, batchCapacity);
    Purpose purpose = inference ? Purpose.INFERENCE : Purpose.TRAINING;
    return layer
        .leaves()
        .filter(OneDnnEngine::hasKernels)
        .map(leaf -> purpose.kernel(rule, leaf).toString())
        .distinct()
        .collect(Collectors.joining(", "));
  }

  private static boolean hasKernels(ModelSpec.Placed leaf) {
    return leaf.layer() instanceof LayerSpec.Convolution || leaf.layer() instanceof LayerSpec.Dense;
  }

  @Override
  public Network create(ModelSpec model, int batchCapacity, RateMultipliers rates) {
    return create(model, batchCapacity, rates, Arithmetic.FASTEST_FP32);
  }

  @Override
  public Network create(
      ModelSpec model, int batchCapacity, RateMultipliers rates, Arithmetic arithmetic) {
    return create(model, batchCapacity, rates, arithmetic, Quantization.NONE);
  }

  @Override
  public Network create(
      ModelSpec model, int batchCapacity, Arithmetic arithmetic, Quantization quantization) {
    requireInt8(model, quantization);
    return create(model, batchCapacity, RateMultipliers.ones(model), arithmetic, quantization);
  }

  private Network create(
      ModelSpec model,
      int batchCapacity,
      RateMultipliers rates,
      Arithmetic arithmetic,
      Quantization quantization) {
    Check.input(batchCapacity >= 1, "Invalid batch size: %d (must be >= 1)", batchCapacity);
    Arithmetic resolved = resolve(model, batchCapacity, arithmetic);
    return create(
        model,
        batchCapacity,
        rates,
        new ShapeRule(InstructionSet.here(), resolved, batchCapacity),
        quantization);
  }

  /** Creates a network of which a rule chooses the kernels. */
  public static Network create(
      ModelSpec model, int batchCapacity, RateMultipliers rates, KernelRule rule) {
    return create(model, batchCapacity, rates, rule, Quantization.NONE);
  }

  private static Network create(
      ModelSpec model,
      int batchCapacity,
      RateMultipliers rates,
      KernelRule rule,
      Quantization quantization) {
    Workspace workspace = new Workspace(rule);
    try {
      return new OneDnnNetwork(workspace, model, batchCapacity, rates, rule, quantization);
    } catch (RuntimeException | Error e) { // Native memory that is missing is an error.
      workspace.close();
      throw e;
    }
  }
}
