// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.failure.Check;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Builds networks on one kind of processor. {@link Engines} finds the implementations through
 * {@link java.util.ServiceLoader}, also in jars that users add with {@code --jars}.
 */
public interface Engine {
  /**
   * The name in {@link #environment} of the widest instruction set that may be used; its values are
   * those of the variable ONEDNN_MAX_CPU_ISA.
   */
  String INSTRUCTION_SET = "instruction_set";

  /** The engine's name in configurations and reports, such as {@code onednn}. */
  String name();

  /** Whether the engine can compute on this machine. */
  boolean available();

  /**
   * Why the engine is not {@link #available()}, as the rest of a sentence that begins with
   * "because". Undefined for an available engine.
   */
  default String whyUnavailable() {
    return "its native libraries are for another machine";
  }

  /** Of the available engines the one with the highest rank is the default. */
  int rank();

  /** The threads that one network uses; results depend on their number. */
  int threads();

  /**
   * What of this process decides the bits of results, in addition to arguments and software, such
   * as {@code instruction_set}. Two processes with equal values compute equal bits; a value with
   * the name of an environment variable is that variable's.
   *
   * @param precision the number format of products
   */
  default SortedMap<String, String> environment(Precision precision) {
    return new TreeMap<>(Map.of("threads", Integer.toString(threads())));
  }

  /**
   * Whether networks of this engine train faster on {@link ByteImages} than on normalised images.
   * The result is the same.
   */
  default boolean prefersBytes() {
    return false;
  }

  /**
   * Whether a network that only predicts uses the memory of a layer's outputs again when the next
   * layers have read them, and does not keep those of all layers.
   */
  default boolean reusesMemoryInPrediction() {
    return false;
  }

  /** One line for {@code doctor}: library, version, instruction set, devices. */
  String description();

  /**
   * The graphics cards for which this engine has code, in this build of Stoker or in another; empty
   * for an engine that only computes on processors.
   */
  default Optional<GpuSupport> gpus() {
    return Optional.empty();
  }

  /** Whether this build has code for graphics cards; needs neither a GPU nor a driver. */
  default boolean computesOnDevices() {
    return gpus().map(GpuSupport::isInThisBuild).orElse(false);
  }

  /**
   * The GPUs of this process; empty where this build has no code for them, or where their libraries
   * do not start.
   */
  default Optional<Devices> devices() {
    return Optional.empty();
  }

  /**
   * Why an available engine computes on no GPU of this machine, as the rest of a sentence that
   * begins with "because"; empty where it does, or knows no reason.
   */
  default Optional<String> whyNoDevices() {
    return Optional.empty();
  }

  /**
   * Creates a network with all parameters and the whole updater state zero.
   *
   * @param model the model
   * @param batchCapacity the largest number of examples of one call, at least 1
   * @param rates the rate of each tensor
   */
  Network create(ModelSpec model, int batchCapacity, RateMultipliers rates);

  /**
   * Creates a network that computes in a certain way.
   *
   * @param model the model
   * @param batchCapacity the largest number of examples of one call, at least 1
   * @param rates the rate of each tensor
   * @param arithmetic how it computes
   * @throws io.stoker.failure.InputException if this engine does not compute in this way
   * @throws io.stoker.failure.ResourceException if this processor does not
   */
  default Network create(
      ModelSpec model, int batchCapacity, RateMultipliers rates, Arithmetic arithmetic) {
    resolve(model, batchCapacity, arithmetic);
    return create(model, batchCapacity, rates);
  }

  /**
   * Decides what {@link ConvolutionAlgorithm#AUTO} stands for here. The result is a function of the
   * arguments and of the kind of the processor.
   *
   * @param model the model
   * @param batchCapacity the largest number of examples of one call
   * @param asked what a user asked for
   * @return the same precision, and an algorithm other than {@code AUTO}; {@code DIRECT} if no
   *     layer of the model has another one
   * @throws io.stoker.failure.InputException if this engine does not compute in this way
   * @throws io.stoker.failure.ResourceException if this processor does not
   */
  default Arithmetic resolve(ModelSpec model, int batchCapacity, Arithmetic asked) {
    refuseTf32(asked);
    Check.input(
        asked.precision() == Precision.FP32,
        "Engine %s computes in fp32 only: leave --precision out, or use --engine onednn",
        name());
    Check.input(
        !asked.convolution().isWinograd(),
        "Engine %s has no Winograd convolution: leave --convolution out, or use --engine onednn",
        name());
    return new Arithmetic(Precision.FP32, ConvolutionAlgorithm.DIRECT);
  }

  /**
   * For engines without code for graphics cards.
   *
   * @throws io.stoker.failure.InputException if a user asked for the GPUs' own format
   */
  static void refuseTf32(Arithmetic asked) {
    Check.input(
        asked.precision() != Precision.TF32,
        "Cannot compute in tf32 on processors: it is a format of NVIDIA GPUs; use --engine torch"
            + " --device gpu, or --precision fp32");
  }

  /**
   * How a layer is computed on this processor, in one or two words for {@code bench step
   * --verbose}, such as {@code winograd}; empty if there is only one way.
   *
   * @param layer the layer
   * @param batchCapacity the largest number of examples of one call
   * @param arithmetic what a user asked for
   * @param inference whether it is computed for prediction, without gradients
   */
  default String algorithm(
      ModelSpec.Placed layer, int batchCapacity, Arithmetic arithmetic, boolean inference) {
    return "";
  }

  /**
   * Creates a network for prediction, of which some layers are computed in int8.
   *
   * @param model the model
   * @param batchCapacity the largest number of examples of one call, at least 1
   * @param arithmetic how it computes the other layers
   * @param quantization the layers in int8
   * @throws io.stoker.failure.InputException if this engine or this processor does not compute in
   *     int8, or if the model has no such layers
   */
  default Network create(
      ModelSpec model, int batchCapacity, Arithmetic arithmetic, Quantization quantization) {
    requireInt8(model, quantization);
    return create(model, batchCapacity, RateMultipliers.ones(model), arithmetic);
  }

  /**
   * Makes sure that layers of a model can be computed in int8 here.
   *
   * @throws io.stoker.failure.InputException if they cannot; never if there are no such layers
   */
  default void requireInt8(ModelSpec model, Quantization quantization) {
    Check.input(
        quantization.isEmpty(),
        "Engine %s does not compute in int8: use --engine onednn, or the checkpoint from before"
            + " 'quantize'",
        name());
  }

  /** Creates a network whose tensors all learn at the same rate. */
  default Network create(ModelSpec model, int batchCapacity) {
    return create(model, batchCapacity, RateMultipliers.ones(model));
  }
}
