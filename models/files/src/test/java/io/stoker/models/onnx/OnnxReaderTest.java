// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.TrainedModel;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.ModelProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.OperatorSetIdProto;
import onnx.Onnx.StringStringEntryProto;
import onnx.Onnx.TensorProto;
import onnx.Onnx.TensorShapeProto;
import onnx.Onnx.TypeProto;
import onnx.Onnx.ValueInfoProto;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Graphs as other programs write them, good and hostile. */
class OnnxReaderTest {
  private static final Shape INPUT = new Shape(6, 6, 3);

  /** A graph of images of 6 x 6 x 3 with given nodes; its output is the last node's. */
  private static GraphProto.Builder graph(NodeProto.Builder... nodes) {
    GraphProto.Builder graph =
        GraphProto.newBuilder()
            .setName("g")
            .addInput(value("x", 0, INPUT.channels(), INPUT.height(), INPUT.width()));
    for (NodeProto.Builder node : nodes) {
      graph.addNode(node);
    }
    return graph.addOutput(value(nodes[nodes.length - 1].getOutput(0), 0, 2));
  }

  private static ValueInfoProto value(String name, long... sizes) {
    TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
    for (long size : sizes) {
      TensorShapeProto.Dimension.Builder dimension = TensorShapeProto.Dimension.newBuilder();
      shape.addDim(size == 0 ? dimension.setDimParam("n") : dimension.setDimValue(size));
    }
    return ValueInfoProto.newBuilder()
        .setName(name)
        .setType(
            TypeProto.newBuilder()
                .setTensorType(TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape)))
        .build();
  }

  private static NodeProto.Builder node(String operator, String output, String... inputs) {
    return NodeProto.newBuilder()
        .setOpType(operator)
        .setName(output)
        .addOutput(output)
        .addAllInput(List.of(inputs));
  }

  private static NodeProto.Builder with(NodeProto.Builder node, String name, long... values) {
    AttributeProto.Builder attribute =
        AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS);
    Arrays.stream(values).forEach(attribute::addInts);
    if (values.length == 1) {
      attribute.setType(AttributeProto.AttributeType.INT).setI(values[0]).clearInts();
    }
    return node.addAttribute(attribute);
  }

  private static TensorProto floats(String name, long... sizes) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(1);
    int count = 1;
    for (long size : sizes) {
      tensor.addDims(size);
      count *= (int) size;
    }
    return tensor.addAllFloatData(Collections.nCopies(count, 0.5f)).build();
  }

  private static ModelProto model(GraphProto.Builder graph, long opset) {
    return ModelProto.newBuilder()
        .setIrVersion(8)
        .addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
        .setGraph(graph)
        .build();
  }

  private static ImportedModel read(ModelProto model) throws IOException {
    return OnnxReader.read(
        "/w/m.onnx", new ByteArrayInputStream(model.toByteArray()), OptionalInt.empty());
  }

  private static ImportedModel read(GraphProto.Builder graph) throws IOException {
    return read(model(graph, 13));
  }

  /** Flattens and classifies the 108 values of an image. */
  private static GraphProto.Builder classifier() {
    return graph(node("Flatten", "f", "x"), with(node("Gemm", "y", "f", "w"), "transB", 1))
        .addInitializer(floats("w", 2, 108));
  }

  private static void refused(GraphProto.Builder graph, String... reasons) {
    assertThatThrownBy(() -> read(graph))
        .isInstanceOf(InputException.class)
        .hasMessageContainingAll(reasons)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aModelIsNamedAfterItsFile() throws IOException {
    ImportedModel imported = read(classifier());

    assertThat(imported.model().name()).isEqualTo("m");
    assertThat(imported.model().input()).isEqualTo(INPUT);
    assertThat(imported.model().classes()).isEqualTo(2);
    assertThat(imported.metadata().mean()).isEmpty();
  }

  @Test
  void aSumIsAResidualBlockWithItsRectifier() throws IOException {
    GraphProto.Builder graph =
        graph(
                with(node("Conv", "c", "x", "k"), "pads", 1, 1, 1, 1),
                node("Add", "s", "x", "c"),
                node("Relu", "r", "s"),
                node("GlobalAveragePool", "p", "r"),
                node("Flatten", "f", "p"),
                with(node("Gemm", "y", "f", "w"), "transB", 1))
            .addInitializer(floats("k", 3, 3, 3, 3))
            .addInitializer(floats("w", 2, 3));

    ModelSpec model = read(graph).model();

    assertThat(model.layers().get(0)).isInstanceOf(CompositeSpec.Residual.class);
    CompositeSpec.Residual block = (CompositeSpec.Residual) model.layers().get(0);
    assertThat(block.body().layers()).hasSize(1);
    assertThat(block.shortcut().layers()).isEmpty();
    assertThat(block.after().layers()).hasSize(1);
    assertThat(model.layers()).hasSize(3);
  }

  @Test
  void aConcatenationIsBranchesInItsOrder() throws IOException {
    GraphProto.Builder graph =
        graph(
                node("Relu", "r", "x"),
                node("Conv", "a", "r", "ka"),
                node("Conv", "b", "r", "kb"),
                node("Relu", "br", "b"),
                with(node("Concat", "s", "br", "a"), "axis", 1),
                node("GlobalAveragePool", "p", "s"))
            .addInitializer(floats("ka", 2, 3, 1, 1))
            .addInitializer(floats("kb", 1, 3, 1, 1));

    ModelSpec model = read(graph).model();

    CompositeSpec.Branches branches = (CompositeSpec.Branches) model.layers().get(1);
    assertThat(branches.branches().get(0).layers()).hasSize(2);
    assertThat(branches.branches().get(1).layers()).hasSize(1);
    assertThat(model.classes()).isEqualTo(3);
  }

  @Test
  void theMeanAndDeviationOfAGraphAreInPixelUnits() throws IOException {
    GraphProto.Builder graph =
        graph(
                node("Sub", "m", "x", "mean"),
                node("Div", "d", "m", "deviation"),
                node("Flatten", "f", "d"),
                with(node("Gemm", "y", "f", "w"), "transB", 1))
            .addInitializer(floats("w", 2, 108))
            .addInitializer(floats("mean", 3, 1, 1))
            .addInitializer(floats("deviation", 1, 3, 1, 1));

    ImportedModel imported = read(graph);

    assertThat(imported.metadata().mean()).contains(List.of(127.5, 127.5, 127.5));
    assertThat(imported.metadata().standardDeviation()).contains(List.of(127.5, 127.5, 127.5));
  }

  @Test
  void roundingUpIsPaddingBelowAndOnTheRight() throws IOException {
    NodeProto.Builder pool =
        with(
            with(with(node("MaxPool", "p", "x"), "kernel_shape", 3, 3), "strides", 2, 2),
            "ceil_mode",
            1);

    ModelSpec model = read(graph(pool, node("GlobalAveragePool", "y", "p"))).model();

    LayerSpec.Pooling layer = (LayerSpec.Pooling) model.layers().get(0);
    assertThat(layer.window().padding()).isEqualTo(new Padding(0, 0, 1, 1));
    assertThat(layer.outputShape(INPUT)).isEqualTo(new Shape(3, 3, 3));
  }

  @Test
  void aMatrixProductAndASumAreADenseLayer() throws IOException {
    TensorProto weights =
        TensorProto.newBuilder()
            .setName("w")
            .setDataType(1)
            .addDims(3)
            .addDims(2)
            .addAllFloatData(List.of(1f, 2f, 3f, 4f, 5f, 6f))
            .build();
    GraphProto.Builder graph =
        graph(
                node("GlobalAveragePool", "p", "x"),
                node("Flatten", "f", "p"),
                node("MatMul", "z", "f", "w"),
                node("Add", "y", "b", "z"))
            .addInitializer(weights)
            .addInitializer(floats("b", 2));

    assertThat(TrainedModel.of(read(graph)).parameters())
        .containsExactly(1, 3, 5, 2, 4, 6, 0.5f, 0.5f);
  }

  @Test
  void nodesWithoutALayerAreAllNamed() {
    refused(
        graph(
                node("Elu", "first", "x"),
                node("Erf", "second", "first"),
                node("Relu", "r", "second"),
                node("HardSwish", "third", "r").clearName(),
                with(node("Conv", "wide", "x", "k"), "strides", 1, 2),
                with(node("Gemm", "y", "third", "k"), "transB", 1))
            .addInitializer(floats("k", 2, 3, 1, 1)),
        "Cannot import /w/m.onnx: 4 of its nodes have no layer here: ",
        "Elu 'first': no layer for this operator; ",
        "Erf 'second': no layer for this operator; ",
        "HardSwish (node 4): no layer for this operator; ",
        "Conv 'wide': its strides [1, 2] is not square");
  }

  @Test
  void zerosAfterTheChannelsAreALayerAndOtherPaddingIsNone() throws IOException {
    assertThat(padded(0, 0, 0, 0, 0, 2, 0, 0).model().placed().get(0).layer())
        .isEqualTo(new LayerSpec.ChannelPadding(5));
    assertThat(padded(0, 0, 0, 0, 0, 0, 0, 0).model().layers())
        .containsExactly(new LayerSpec.GlobalAveragePooling());
    for (long[] pads :
        new long[][] {
          {0, 1, 0, 0, 0, 1, 0, 0},
          {0, 0, 1, 1, 0, 0, 1, 1},
          {0, 0, 0, 0, 0, -1, 0, 0},
          {0, 0, 0, 0, 0, 1L << 31, 0, 0}
        }) {
      refused(padding(pads), "Pad 'p': it pads otherwise than with channels after the others");
    }
    refused(padding(0, 1), "Pad 'p': its pads [0, 1] are not supported");
    GraphProto.Builder ones = padding(0, 0, 0, 0, 0, 2, 0, 0);
    ones.getNodeBuilder(0).addInput("one");
    refused(ones.addInitializer(floats("one")), "Pad 'p': it pads with another value than 0");
  }

  private static ImportedModel padded(long... pads) throws IOException {
    return read(padding(pads));
  }

  private static GraphProto.Builder padding(long... pads) {
    TensorProto.Builder margins =
        TensorProto.newBuilder().setName("margins").setDataType(7).addDims(pads.length);
    Arrays.stream(pads).forEach(margins::addInt64Data);
    return graph(node("Pad", "p", "x", "margins"), node("GlobalAveragePool", "y", "p"))
        .addInitializer(margins);
  }

  /** A global average with a softmax after it, and an axis of it if one is given. */
  private static ModelProto scores(long opset, boolean vector, long... axis) {
    NodeProto.Builder softmax = node("Softmax", "y", vector ? "f" : "p");
    GraphProto.Builder graph =
        graph(
            node("GlobalAveragePool", "p", "x"),
            node("Flatten", "f", "p"),
            axis.length == 0 ? softmax : with(softmax, "axis", axis));
    return model(graph, opset);
  }

  @Test
  void aSoftmaxIsOverTheClassesOrRefused() throws IOException {
    for (ModelProto model :
        List.of(
            scores(13, true, 1),
            scores(13, true, -1),
            scores(13, true),
            scores(11, true, 1),
            scores(11, true),
            scores(11, false),
            scores(13, false, 1),
            scores(13, false, -3))) {
      assertThat(read(model).model().layers())
          .containsExactly(new LayerSpec.GlobalAveragePooling());
    }
    for (ModelProto model :
        List.of(
            scores(13, true, 0),
            scores(13, true, -2),
            scores(11, true, 0),
            scores(13, false),
            scores(13, false, -1),
            scores(13, false, 0),
            scores(13, false, 2),
            scores(11, false, 3))) {
      assertThatThrownBy(() -> read(model))
          .isInstanceOf(InputException.class)
          .hasMessageMatching(".*Softmax 'y': its axis -?\\d of \\d is not that of the classes");
    }
  }

  @Test
  void nothingIsComputedAfterASoftmax() {
    NodeProto.Builder pool = node("GlobalAveragePool", "p", "x");
    NodeProto.Builder flat = node("Flatten", "f", "p");
    NodeProto.Builder softmax = node("Softmax", "s", "f");
    for (NodeProto.Builder last :
        List.of(
            node("Softmax", "y", "s"),
            node("Relu", "y", "s"),
            node("Add", "y", "s", "f"),
            node("Add", "y", "s", "b"),
            with(node("Concat", "y", "s", "f"), "axis", 1),
            with(node("Gemm", "y", "s", "w"), "transB", 1))) {
      refused(
          graph(pool, flat, softmax, last)
              .addInitializer(floats("w", 2, 3))
              .addInitializer(floats("b", 3)),
          last.getOpType() + " 'y': it comes after a softmax, which must be the end");
    }
  }

  @Test
  void whatANodeDoesInTrainingIsRefused() {
    refused(
        graph(node("Dropout", "y", "x", "", "yes"))
            .addInitializer(TensorProto.newBuilder().setName("yes").setDataType(9).addInt32Data(1)),
        "Dropout 'y': it is in training mode");
    NodeProto.Builder statistics =
        node("BatchNormalization", "y", "x", "s", "s", "s", "s").addOutput("m").addOutput("v");
    refused(
        graph(statistics).addInitializer(floats("s", 3)),
        "BatchNormalization 'y': it is in training mode");
    refused(
        graph(with(node("BatchNormalization", "y", "x", "s", "s", "s", "s"), "spatial", 0))
            .addInitializer(floats("s", 3)),
        "BatchNormalization 'y': it has statistics of each pixel");
  }

  @Test
  void outputsThatNoLayerHasAreNamedWhereTheyAreRead() {
    NodeProto.Builder pool =
        with(node("MaxPool", "p", "x"), "kernel_shape", 2, 2).addOutput("indices");
    refused(
        graph(pool, node("Relu", "r", "indices"), node("GlobalAveragePool", "y", "p")),
        "Relu 'r': no layer has its input 'indices' of MaxPool 'p'");
    refused(
        graph(pool, node("GlobalAveragePool", "y", "p")).setOutput(0, value("indices", 0, 2)),
        "no layer has its output 'indices' of MaxPool 'p'");
  }

  @Test
  void biasesThatAreNotOnePerUnitAreRefused() {
    refused(
        graph(
                node("GlobalAveragePool", "p", "x"),
                node("Flatten", "f", "p"),
                node("Gemm", "y", "f", "w", "b"))
            .addInitializer(floats("w", 3, 2))
            .addInitializer(floats("b", 2, 1)),
        "Gemm 'y': its bias of [2, 1] is no number per unit");
  }

  @Test
  void axesThatLeaveNoVectorAreRefused() {
    NodeProto.Builder pool = node("GlobalAveragePool", "p", "x");
    refused(
        graph(pool, with(node("Squeeze", "y", "p"), "axes", 3, 2, 0)),
        "Squeeze 'y': its axes [3, 2, 0] leave no vector");
    refused(
        graph(with(node("Flatten", "f", "x"), "axis", 0), node("Relu", "y", "f")),
        "Flatten 'f': its axis is not 1");
  }

  private static TensorProto integers(String name, long... values) {
    TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).setDataType(7);
    if (values.length > 1) {
      tensor.addDims(values.length);
    }
    Arrays.stream(values).forEach(tensor::addInt64Data);
    return tensor.build();
  }

  /** A reshape to the batch, then sizes, as PyTorch's exporter writes {@code x.view(n, ...)}. */
  private static GraphProto.Builder computed(String batch, long... sizes) {
    NodeProto.Builder vector = node("Unsqueeze", "u", "n");
    vector
        .addAttributeBuilder()
        .setName("axes")
        .setType(AttributeProto.AttributeType.INTS)
        .addInts(0);
    GraphProto.Builder graph =
        graph(
            node("Shape", "s", "x"),
            node("Gather", "n", "s", batch),
            vector,
            with(node("Concat", "c", "u", "rest"), "axis", 0),
            node("Reshape", "f", "x", "c"),
            with(node("Gemm", "y", "f", "w"), "transB", 1));
    TensorProto.Builder rest = integers("rest", sizes).toBuilder();
    return graph
        .addInitializer(rest.clearDims().addDims(sizes.length))
        .addInitializer(integers("first", 0))
        .addInitializer(integers("second", 1))
        .addInitializer(floats("w", 2, 108));
  }

  @Test
  void aShapeThatTheGraphComputesIsComputed() throws IOException {
    for (long size : new long[] {-1, 108}) {
      assertThat(read(model(computed("first", size), 11)).model().layers()).hasSize(1);
    }
    refused(computed("first", 3, -1), "Reshape 'f': it makes [3, 36] of an example of 6 x 6 x 3");
    refused(computed("second", -1), "Reshape 'f': it makes [3, -1] of a batch");
    refused(computed("first", -1, -1), "Reshape 'f': it makes [-1, -1] of an example");
  }

  @Test
  void functionsInPlaceOfOperatorsAreRefused() {
    ModelProto.Builder other = model(classifier(), 13).toBuilder();
    other.addFunctionsBuilder().setName("Flatten");

    assertThatThrownBy(() -> read(other.build()))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot import /w/m.onnx: it has functions of its own in place of ONNX's operators");
  }

  @Test
  void operatorsOfOtherDomainsAreNamed() {
    refused(
        graph(node("Relu", "y", "x").setDomain("com.microsoft")),
        "Relu 'y': it is of domain 'com.microsoft'");
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 6, 25, 1000})
  void otherOpsetsAreRefused(long opset) {
    assertThatThrownBy(() -> read(model(classifier(), opset)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("operators are of opset " + opset + " (7 to 24 are supported");
  }

  @Test
  void valuesInAnotherFileAreRefused() {
    TensorProto outside =
        floats("w", 2, 108).toBuilder()
            .clearFloatData()
            .setDataLocation(TensorProto.DataLocation.EXTERNAL)
            .addExternalData(
                StringStringEntryProto.newBuilder().setKey("location").setValue("/etc/passwd"))
            .build();

    refused(
        classifier().setInitializer(0, outside),
        "tensor 'w': its values are in another file",
        "as one file");
  }

  @Test
  void typesThatAreNoNumbersOfParametersAreRefused() {
    refused(
        classifier()
            .setInitializer(
                0, floats("w", 2, 108).toBuilder().setDataType(TensorProto.DataType.INT8_VALUE)),
        "its values are of type INT8 (must be FLOAT,",
        "import what it was made from");
    GraphProto.Builder half = classifier();
    half.getInputBuilder(0).getTypeBuilder().getTensorTypeBuilder().setElemType(10);
    refused(half, "its input is of type FLOAT16 (must be FLOAT)");
  }

  @Test
  void shapesThatTheValuesDoNotHaveAreDamage() {
    for (long size : new long[] {1, -1, Long.MAX_VALUE}) {
      TensorProto claimed = floats("w", 2, 108).toBuilder().setDims(0, size).build();

      assertThatThrownBy(() -> read(classifier().setInitializer(0, claimed)))
          .isInstanceOf(DamagedException.class)
          .hasMessageContaining("tensor 'w'");
    }
  }

  @Test
  void weightsThatDoNotFitAreNamed() {
    refused(classifier().setInitializer(0, floats("w", 2, 107)), "Gemm 'y': its weights [2, 107]");
    refused(
        graph(node("Conv", "c", "x", "k"), node("GlobalAveragePool", "y", "c"))
            .addInitializer(floats("k", 2, 2, 1, 1)),
        "Conv 'c': its weights [2, 2, 1, 1] in 1 groups do not fit 3 channels");
  }

  @Test
  void cyclesAreDamage() {
    assertThatThrownBy(() -> read(graph(node("Relu", "a", "b"), node("Relu", "b", "a"))))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("Relu 'a' reads 'b', which no node before it computes (a cycle?)");
    assertThatThrownBy(() -> read(graph(node("Relu", "a", "x"), node("Relu", "a", "x"))))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("Relu 'a' computes 'a' again");
  }

  @Test
  void valuesThatSeveralBranchesShareAreRefused() {
    refused(
        graph(
            node("Relu", "a", "x"),
            node("Tanh", "b", "a"),
            node("Sigmoid", "c", "b"),
            node("Add", "d", "b", "c"),
            node("Sigmoid", "e", "a"),
            node("Add", "f", "d", "e"),
            node("Add", "g", "f", "b"),
            node("GlobalAveragePool", "y", "g")),
        "is read at several places that do not join");
  }

  @Test
  void branchesThatLieTooDeepInEachOtherAreRefused() {
    GraphProto.Builder graph = graph(node("Relu", "v0", "x"));
    for (int i = 0; i < 40; i++) {
      graph.addNode(node("Relu", "r" + i, "v" + i));
      graph.addNode(node("Add", "v" + (i + 1), "r" + i, "x"));
    }
    graph.addNode(node("GlobalAveragePool", "y", "v40"));

    refused(graph.setOutput(0, value("y", 0, 2)), "deeper than");
  }

  @Test
  void hugeGraphsAreRefused() {
    GraphProto.Builder graph = graph(node("Relu", "v0", "x"));
    for (int i = 0; i < 20_000; i++) {
      graph.addNode(node("Relu", "v" + (i + 1), "v" + i));
    }

    refused(graph, "it has 20001 nodes (at most 20000)");
  }

  @Test
  void otherInputsAreRefused() {
    GraphProto.Builder free = classifier();
    free.setInput(0, value("x", 0, 3, 0, 0));
    refused(free, "no fixed height and width: say --input-size N");
    refused(classifier().addInput(value("z", 1)), "its graph has 2 inputs");
    refused(classifier().setInput(0, value("x", 0, 3)), "its input has 2 dimensions");
  }

  @Test
  void theUserMaySayTheSizeOfTheInput() throws IOException {
    GraphProto.Builder free = classifier();
    free.setInput(0, value("x", 0, 3, 0, 0));

    ImportedModel imported =
        OnnxReader.read(
            "m.onnx", new ByteArrayInputStream(model(free, 13).toByteArray()), OptionalInt.of(6));

    assertThat(imported.model().input()).isEqualTo(INPUT);
  }

  @Test
  void everyTruncationAndManyFlippedBytesAreKnownFailures() throws IOException {
    TrainedModel trained = TrainedModel.of(Zoo.model("lenet5", 3));
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    OnnxWriter.of(
            trained.metadata(),
            "0",
            "1",
            new OnnxOptions(17, "images", OnnxOptions.Normalization.INCLUDE),
            1)
        .write(trained.source(), stream);
    byte[] whole = stream.toByteArray();
    for (int i = 0; i < 4000; i++) {
      byte[] flipped = whole.clone();
      flipped[i] ^= 0x2a;
      assertKnown(flipped);
      assertKnown(Arrays.copyOf(whole, i));
    }
  }

  private static void assertKnown(byte[] content) throws IOException {
    try {
      OnnxReader.read("f", new ByteArrayInputStream(content), OptionalInt.empty());
    } catch (StokerException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
    }
  }
}
