// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.base.Division;
import io.stoker.models.engine.InputObserver;
import io.stoker.models.onednn.memory.AlignedMemory;
import io.stoker.models.onednn.memory.Arena;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.memory.TensorMemory;
import io.stoker.models.onednn.memory.TransientMemory;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.onednn.rules.KernelRule;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.onednn.rules.Rounding;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.bytedeco.dnnl.const_dnnl_op_desc_t;
import org.bytedeco.dnnl.dnnl_exec_arg_t;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_primitive;
import org.bytedeco.dnnl.dnnl_primitive_attr;
import org.bytedeco.dnnl.dnnl_primitive_desc;
import org.bytedeco.dnnl.dnnl_primitive_desc_iterator;
import org.bytedeco.dnnl.dnnl_stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Owns the native memory of one network: its stream, tensors and primitives, and one scratchpad for
 * all primitives, which never run at the same time. Closing the workspace frees everything that it
 * created.
 *
 * <p>Tensors that are needed during a part of a pass only share memory, if layers are compiled
 * between {@link #beginPlan} and {@link #endPlan}; otherwise each one has its own.
 */
public final class Workspace implements AutoCloseable {
  /** The biases of a layer may begin anywhere, whatever the primitive. */
  private static final Set<Integer> UNALIGNED = Set.of(dnnl.DNNL_ARG_BIAS, dnnl.DNNL_ARG_DIFF_BIAS);

  private final Deque<Runnable> releases = new ArrayDeque<>();

  /** What is computed from parameters only, in inference. */
  private final List<Runnable> ofParameters = new ArrayList<>();

  private final List<DeferredGradient> deferred = new ArrayList<>();

  private final dnnl_stream stream = new dnnl_stream();
  private final Arena arena;
  private final TransientMemory transients;
  private final List<TensorMemory> scratchpads = new ArrayList<>();
  private AlignedMemory scratch = AlignedMemory.of(1);

  /** Whether the memory of transient values is being planned. */
  private boolean planning;

  private final KernelRule rule;
  private final Purpose purpose;

  /** The layers show it their inputs, see {@link #observedBy}; null if they show them to none. */
  private InputObserver observer;

  /** A workspace for layers that are computed directly in fp32. */
  public Workspace() {
    this(layer -> Kernel.DIRECT);
  }

  /**
   * A workspace with an arena of its own, for training.
   *
   * @param rule chooses how layers are computed
   */
  public Workspace(KernelRule rule) {
    this(rule, new Arena(), Purpose.TRAINING);
    releases.push(arena::close);
  }

  /**
   * @param rule chooses how layers are computed
   * @param arena has the memory of transient tensors; its owner closes it after the workspace
   * @param purpose what layers are compiled for
   */
  public Workspace(KernelRule rule, Arena arena, Purpose purpose) {
    this.rule = rule;
    this.arena = arena;
    this.purpose = purpose;
    transients = new TransientMemory(arena);
    OneDnn.check(
        dnnl.dnnl_stream_create(stream, OneDnn.engine(), dnnl.dnnl_stream_default_flags),
        "create a stream");
    releases.push(() -> dnnl.dnnl_stream_destroy(stream));
  }

  /** The memory of transient tensors. */
  public Arena arena() {
    return arena;
  }

  /** What layers are compiled for. */
  Purpose purpose() {
    return purpose;
  }

  /**
   * Adds a step that depends on parameters only: in training to a pass, in inference to the steps
   * that {@link #followParameters} runs.
   */
  void addStepOfParameters(List<Runnable> pass, Runnable step) {
    (purpose == Purpose.INFERENCE ? ofParameters : pass).add(step);
  }

  /** Computes what depends on parameters only, after they have changed. */
  void followParameters() {
    ofParameters.forEach(Runnable::run);
  }

  /** Adds a gradient that a backward pass does not compute. */
  void defer(DeferredGradient gradient) {
    deferred.add(gradient);
  }

  /** The gradients that a backward pass does not compute. */
  List<DeferredGradient> deferred() {
    return deferred;
  }

  /** Shows an observer the inputs of layers that can be computed in int8; to be called first. */
  public Workspace observedBy(InputObserver observer) {
    this.observer = observer;
    return this;
  }

  boolean isObserved() {
    return observer != null;
  }

  InputObserver observer() {
    return observer;
  }

  /**
   * The range in which a layer in int8 or a residual block reads integers; empty if it reads
   * floating point.
   */
  Optional<Quantization.Range> range(ModelSpec.Placed layer) {
    return purpose == Purpose.INFERENCE ? rule.range(layer) : Optional.empty();
  }

  /** How a layer is computed. */
  Kernel kernel(ModelSpec.Placed layer) {
    return purpose.kernel(rule, layer);
  }

  /** Which layers round their output. */
  Rounding rounding() {
    return new Rounding(rule, purpose);
  }

  /** Whether local response normalization is computed in blocks of channels. */
  boolean normalizesInBlocks() {
    return rule.roundsInTraining();
  }

  /** Native memory for a number of values, all zero. */
  FloatPointer allocate(long values) {
    FloatPointer first = allocateRaw(values);
    Pointer.memset(first, 0, first.capacity() * Float.BYTES);
    return first;
  }

  /** Native memory for a number of arbitrary values. */
  FloatPointer allocateRaw(long values) {
    AlignedMemory memory = AlignedMemory.of(Math.max(1, values));
    releases.push(memory::close);
    return memory.values();
  }

  /** A new tensor, all zero. */
  Tensor tensor(Layout layout) {
    return view(layout, allocate(Division.ceiling(layout.bytes(), Float.BYTES)));
  }

  /** Begins to plan the memory of transient tensors; {@link #endPlan} must follow. */
  public void beginPlan() {
    planning = true;
  }

  /** Gives all transient tensors their memory. */
  public void endPlan() {
    transients.place();
    planning = false;
  }

  /**
   * A new tensor that is needed until {@link #end} or {@link #endAllSince}; its values are
   * arbitrary at first. A tensor with padding, which must stay zero, has memory of its own.
   */
  public Tensor transientTensor(Layout layout) {
    return planning && layout.isDense()
        ? tensor(layout, transients.begin(layout.bytes()))
        : tensor(layout);
  }

  /** The moment of the plan, for {@link #endAllSince}. */
  public int moment() {
    return transients.moment();
  }

  /** Declares that a tensor is needed no more in a pass; without effect if it is not transient. */
  public void end(Tensor tensor) {
    transients.end(tensor.storage());
  }

  /** Declares that the transient tensors after a moment are needed no more, but for one. */
  public void endAllSince(int moment, Tensor kept) {
    transients.endAllSince(moment, kept.storage());
  }

  /** A tensor over the memory of another tensor, of which it shares the first value. */
  Tensor view(Layout layout, Tensor of) {
    return tensor(layout, of.storage());
  }

  /** A tensor as images, which it is but for vectors: a vector is an image of one pixel. */
  Tensor asImages(Tensor tensor) {
    long[] dimensions = tensor.layout().dimensions();
    return dimensions.length == 4
        ? tensor
        : view(
            Layout.plain(dimensions[0], dimensions[1], 1, 1).rowMajorOf(tensor.layout().type()),
            tensor);
  }

  /**
   * A tensor over memory that the caller owns.
   *
   * @throws IllegalArgumentException if the first value is not aligned, see {@link AlignedMemory}
   */
  Tensor view(Layout layout, FloatPointer values) {
    Tensor view = parameters(layout, values);
    view.requireAligned("a view");
    return view;
  }

  /**
   * A tensor of parameters or gradients, which may begin at any value of its {@link FlatVectors}:
   * in the canonical order, a layer's weights follow its biases. Only primitives that need no
   * alignment take it, see {@link #compile}.
   */
  Tensor parameters(Layout layout, FloatPointer values) {
    return tensor(layout, new TensorMemory(values));
  }

  private Tensor tensor(Layout layout, TensorMemory storage) {
    dnnl_memory memory = storage.handle(layout);
    releases.push(() -> dnnl.dnnl_memory_destroy(memory));
    return new Tensor(layout, storage, memory);
  }

  /**
   * Chooses an implementation.
   *
   * @param description a oneDNN operation descriptor
   */
  PrimitiveDescriptor operation(Pointer description) {
    return operation(description, OneDnn.attributes(), new dnnl_primitive_desc());
  }

  /** As {@link #operation(Pointer)}, with the sum and the rectifier after it, if there are any. */
  PrimitiveDescriptor operation(Pointer description, Epilogue epilogue) {
    boolean rectified = epilogue.rectified();
    return operation(
        description,
        epilogue.summand().isPresent()
            ? (rectified ? OneDnn.addingAndRectifyingAttributes() : OneDnn.addingAttributes())
            : (rectified ? OneDnn.rectifyingAttributes() : OneDnn.attributes()));
  }

  /**
   * Chooses an implementation of a backward pass.
   *
   * @param description a oneDNN operation descriptor
   * @param forward the forward pass that it belongs to
   */
  PrimitiveDescriptor operation(Pointer description, PrimitiveDescriptor forward) {
    return operation(description, OneDnn.attributes(), forward.descriptor());
  }

  /** Chooses an implementation with attributes, which the caller owns. */
  PrimitiveDescriptor operation(Pointer description, dnnl_primitive_attr attributes) {
    return operation(description, attributes, new dnnl_primitive_desc());
  }

  /**
   * Chooses an implementation by its name; the first one, if there is none of that name.
   *
   * @param implementation as in {@link PrimitiveDescriptor#implementation}
   */
  PrimitiveDescriptor operation(Pointer description, String implementation) {
    OneDnn.useOneThread();
    dnnl_primitive_desc_iterator each = new dnnl_primitive_desc_iterator();
    int status =
        dnnl.dnnl_primitive_desc_iterator_create(
            each,
            new const_dnnl_op_desc_t(description),
            OneDnn.attributes(),
            OneDnn.engine(),
            new dnnl_primitive_desc());
    try {
      while (status == dnnl.dnnl_success) {
        dnnl_primitive_desc found = dnnl.dnnl_primitive_desc_iterator_fetch(each);
        releases.push(() -> dnnl.dnnl_primitive_desc_destroy(found));
        PrimitiveDescriptor operation = new PrimitiveDescriptor(found);
        if (operation.implementation().equals(implementation)) {
          return operation;
        }
        status = dnnl.dnnl_primitive_desc_iterator_next(each);
      }
    } finally {
      dnnl.dnnl_primitive_desc_iterator_destroy(each);
    }
    return operation(description);
  }

  private PrimitiveDescriptor operation(
      Pointer description, dnnl_primitive_attr attributes, dnnl_primitive_desc hint) {
    OneDnn.useOneThread();
    dnnl_primitive_desc chosen = new dnnl_primitive_desc();
    OneDnn.check(
        dnnl.dnnl_primitive_desc_create(
            chosen, new const_dnnl_op_desc_t(description), attributes, OneDnn.engine(), hint),
        "find an implementation for " + description.getClass().getSimpleName());
    releases.push(() -> dnnl.dnnl_primitive_desc_destroy(chosen));
    return new PrimitiveDescriptor(chosen);
  }

  /**
   * Compiles an operation.
   *
   * @param operation what to compute
   * @param tensors its tensors by DNNL_ARG number
   * @throws IllegalArgumentException if a tensor is not aligned and the operation needs it
   */
  Primitive compile(PrimitiveDescriptor operation, Map<Integer, Tensor> tensors) {
    if (operation.needsAlignment()) {
      tensors.forEach(
          (argument, tensor) -> {
            if (!UNALIGNED.contains(argument)) {
              tensor.requireAligned(operation.implementation());
            }
          });
    }
    OneDnn.useOneThread();
    dnnl_primitive primitive = new dnnl_primitive();
    OneDnn.check(
        dnnl.dnnl_primitive_create(primitive, operation.descriptor()), "compile a primitive");
    releases.push(() -> dnnl.dnnl_primitive_destroy(primitive));
    int count = tensors.size() + 1;
    dnnl_exec_arg_t arguments = new dnnl_exec_arg_t(count);
    releases.push(arguments::deallocate);
    int next = 0;
    for (Map.Entry<Integer, Tensor> tensor : tensors.entrySet()) {
      arguments.getPointer(next++).arg(tensor.getKey()).memory(tensor.getValue().memory());
    }
    arguments
        .getPointer(next)
        .arg(dnnl.DNNL_ARG_SCRATCHPAD)
        .memory(scratchpad(operation.scratchpad()));
    return new Primitive(primitive, stream, arguments, count);
  }

  private dnnl_memory scratchpad(Layout layout) {
    if (planning) {
      return tensor(layout, transients.once(layout.bytes())).memory();
    }
    long values = layout.bytes() / Float.BYTES + 1;
    if (values > scratch.values().capacity()) {
      scratch.close();
      scratch = AlignedMemory.of(values);
      scratchpads.forEach(scratchpad -> scratchpad.moveTo(scratch.values()));
    }
    Tensor scratchpad = tensor(layout, new TensorMemory(scratch.values()));
    scratchpads.add(scratchpad.storage());
    return scratchpad.memory();
  }

  /** A copy of a tensor in another layout; see {@link Reorder}. */
  Reorder convert(Tensor from, Layout layout) {
    return from.layout().sameAs(layout)
        ? new Reorder(from, from, Optional.empty())
        : copy(from, tensor(layout));
  }

  /** As {@link #convert}, with a copy that lasts as the {@link Purpose} needs it. */
  Reorder convertInput(Tensor from, Layout layout) {
    return purpose == Purpose.INFERENCE ? convertTransiently(from, layout) : convert(from, layout);
  }

  /** As {@link #convert}, with a copy that is transient. */
  Reorder convertTransiently(Tensor from, Layout layout) {
    return from.layout().sameAs(layout)
        ? new Reorder(from, from, Optional.empty())
        : copy(from, transientTensor(layout));
  }

  /**
   * The opposite of convert: a primitive writes one layout, transiently, and the tensor gets it in
   * its own.
   */
  Reorder convertInto(Layout layout, Tensor to) {
    return to.layout().sameAs(layout)
        ? new Reorder(to, to, Optional.empty())
        : copy(transientTensor(layout), to);
  }

  /**
   * Some channels of a tensor of images, as a tensor over the same memory.
   *
   * @param tensor {@code [examples, channels, height, width]}
   * @param first the first channel
   * @param count the number of channels
   */
  Tensor channels(Tensor tensor, long first, long count) {
    return view(tensor.layout().channels(first, count), tensor);
  }

  /**
   * A part of a tensor, over the same memory.
   *
   * @param dimensions of the part
   * @param first its first value along each dimension
   */
  Tensor box(Tensor tensor, long[] dimensions, long... first) {
    return view(tensor.layout().box(dimensions, first), tensor);
  }

  /**
   * Some examples of a tensor, over the same memory. Unlike a {@link #box}, it begins with its own
   * first value.
   *
   * @param tensor one example after the other, each of whole blocks of channels
   */
  public Tensor examples(Tensor tensor, long first, long count) {
    long[] dimensions = tensor.layout().dimensions();
    long each = tensor.layout().bytes() / dimensions[0] / Float.BYTES;
    dimensions[0] = count;
    Layout layout = tensor.layout().box(dimensions, new long[dimensions.length]);
    return tensor(layout, tensor.storage().from(first * each));
  }

  /**
   * A part of a tensor, over the same memory.
   *
   * @param layout of the part
   * @param first the place of its first value in the tensor, which is dense
   */
  Tensor part(Tensor tensor, Layout layout, long first) {
    return tensor(layout, tensor.storage().from(first * layout.valueBytes() / Float.BYTES));
  }

  /** Some values of a vector, over the same memory. */
  Tensor values(Tensor vector, long first, long count) {
    return tensor(Layout.plain(count), vector.storage().from(first));
  }

  /** A copy of a tensor to another one of the same dimensions. */
  Reorder copy(Tensor from, Tensor to) {
    return reorder(from, to, OneDnn.attributes());
  }

  /** Adds the values of a tensor to those of another one of the same dimensions. */
  Reorder add(Tensor from, Tensor to) {
    return reorder(from, to, OneDnn.addingAttributes());
  }

  /**
   * Multiplies the values of a tensor, and writes them in the type of another one of the same
   * dimensions.
   */
  Reorder multiply(Tensor from, Tensor to, float factor) {
    dnnl_primitive_attr attributes =
        OneDnn.scalingAttributes(new float[] {factor}, 0, OptionalDouble.empty(), false);
    try {
      return reorder(from, to, attributes);
    } finally {
      dnnl.dnnl_primitive_attr_destroy(attributes);
    }
  }

  private Reorder reorder(Tensor from, Tensor to, dnnl_primitive_attr attributes) {
    OneDnn.useOneThread();
    dnnl_primitive_desc reorder = new dnnl_primitive_desc();
    OneDnn.check(
        dnnl.dnnl_reorder_primitive_desc_create(
            reorder,
            from.layout().descriptor(),
            OneDnn.engine(),
            to.layout().descriptor(),
            OneDnn.engine(),
            attributes),
        "find an implementation for a reorder");
    releases.push(() -> dnnl.dnnl_primitive_desc_destroy(reorder));
    Primitive primitive =
        compile(
            new PrimitiveDescriptor(reorder),
            Map.of(dnnl.DNNL_ARG_FROM, from, dnnl.DNNL_ARG_TO, to));
    return new Reorder(from, to, Optional.of(primitive));
  }

  @Override
  public void close() {
    transients.close();
    while (!releases.isEmpty()) {
      releases.pop().run();
    }
    scratch.close();
  }
}
