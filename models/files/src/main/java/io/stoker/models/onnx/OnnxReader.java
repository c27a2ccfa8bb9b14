// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.interchange.ImportedModel;
import io.stoker.models.interchange.PortableMetadata;
import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.Shape;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
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
import org.nd4j.shade.protobuf.CodedInputStream;
import org.nd4j.shade.protobuf.InvalidProtocolBufferException;

/**
 * Reads an ONNX file whose graph consists of operators for which Stoker has layers: a network that
 * classifies images of one shape. Anything else in the graph is named, node by node.
 */
public final class OnnxReader {
  private static final int OLDEST_OPSET = 7;
  private static final int NEWEST_OPSET = 24;
  private static final int MOST_NODES = 20_000;
  private static final int MOST_NAMED = 20;
  private static final int LONGEST_NAME = 100;
  private static final double PIXEL = 255;

  private final String file;
  private final Map<String, GraphValue> values = new HashMap<>();
  private final Map<String, OnnxTensor> constants = new HashMap<>();

  /** Values that depend on a node that does not map. */
  private final Set<String> unknown = new HashSet<>();

  /** Outputs that no layer has, such as the indices of a maximum, with their nodes. */
  private final Map<String, String> others = new HashMap<>();

  private final GraphShapes shapes = new GraphShapes(values, constants);

  private final List<String> unmapped = new ArrayList<>();

  private OnnxReader(String file) {
    this.file = file;
  }

  /**
   * Reads a model.
   *
   * @param file the file's name, for messages and the model's name
   * @param stream the file; left open
   * @param size the height and width of images, for a graph that takes several
   * @throws InputException if the graph does not map to layers, or is for a version of ONNX that is
   *     not supported
   * @throws DamagedException if it is no ONNX file, or a broken one
   */
  public static ImportedModel read(String file, InputStream stream, OptionalInt size)
      throws IOException {
    return new OnnxReader(file).read(parse(file, stream), size);
  }

  private static ModelProto parse(String file, InputStream stream) throws IOException {
    CodedInputStream in = CodedInputStream.newInstance(stream);
    in.setSizeLimit(Integer.MAX_VALUE);
    try {
      return ModelProto.parseFrom(in);
    } catch (InvalidProtocolBufferException e) {
      throw new DamagedException(
          "Cannot read %s: it is no ONNX file, or is damaged (%s)".formatted(file, e.getMessage()),
          e);
    }
  }

  private ImportedModel read(ModelProto model, OptionalInt size) {
    Check.undamaged(
        model.hasGraph() && model.getGraph().getNodeCount() > 0,
        "Cannot read %s: it is no ONNX file, or its graph is empty",
        file);
    requireSupported(model);
    GraphProto graph = model.getGraph();
    Check.input(
        graph.getNodeCount() <= MOST_NODES,
        "Cannot import %s: it has %d nodes (at most %d)",
        file,
        graph.getNodeCount(),
        MOST_NODES);
    Check.input(
        graph.getSparseInitializerCount() == 0, "Cannot import %s: it has sparse tensors", file);
    for (TensorProto tensor : graph.getInitializerList()) {
      constants.put(
          tensor.getName(),
          OnnxTensor.of(tensor, "%s: tensor '%s'".formatted(file, printable(tensor.getName()))));
    }
    ValueInfoProto input = input(graph);
    values.put(
        input.getName(),
        new GraphValue(
            new GraphStep.Start(
                "input '%s'".formatted(printable(input.getName())),
                Optional.empty(),
                Optional.empty()),
            shape(input, size),
            Form.IMAGE));
    long batch = input.getType().getTensorType().getShape().getDim(0).getDimValue();
    NodeMapping mapping =
        new NodeMapping(
            new NodeInputs(values, constants, shapes, opset(model), Math.max(1, batch)));
    mapNodes(graph, mapping);
    requireMapped();
    Check.undamaged(
        graph.getOutputCount() >= 1, "Damaged ONNX file %s: its graph has no output", file);
    String output = graph.getOutput(0).getName();
    Check.input(
        !others.containsKey(output),
        "Cannot import %s: no layer has its output '%s' of %s",
        file,
        printable(output),
        others.get(output));
    GraphValue last = values.get(output);
    Check.undamaged(
        last != null,
        "Damaged ONNX file %s: no node computes its output '%s'",
        file,
        printable(output));
    Map<String, String> text = new TreeMap<>();
    for (StringStringEntryProto entry : model.getMetadataPropsList()) {
      text.put(entry.getKey(), entry.getValue());
    }
    PortableMetadata metadata =
        PortableMetadata.read(text, file).withTemperature(mapping.temperature());
    boolean ours = model.getProducerName().equals(PortableMetadata.STOKER);
    return new GraphAssembly(file)
        .model(
            name(ours ? text.getOrDefault(PortableMetadata.MODEL, "") : ""),
            values.get(input.getName()).shape(),
            last.step(),
            (mean, deviation) -> metadata(metadata, mean, deviation, ours));
  }

  /**
   * The mean and deviation of a graph that normalises images are the model's. Other programs write
   * graphs that take images from 0 to 1; then both are below 1.
   */
  private static PortableMetadata metadata(
      PortableMetadata written,
      Optional<List<Double>> mean,
      Optional<List<Double>> deviation,
      boolean ours) {
    if (mean.isEmpty() && deviation.isEmpty()) {
      return written;
    }
    int channels = mean.or(() -> deviation).orElseThrow().size();
    List<Double> subtracted = mean.orElseGet(() -> all(channels, 0));
    List<Double> divided = deviation.orElseGet(() -> all(channels, 1));
    boolean fractions =
        !ours && subtracted.stream().allMatch(m -> m <= 1) && divided.stream().allMatch(d -> d < 1);
    double unit = fractions ? PIXEL : 1;
    return new PortableMetadata(
        written.classNames(),
        written.mean().or(() -> Optional.of(scaled(subtracted, unit))),
        written.standardDeviation().or(() -> Optional.of(scaled(divided, unit))),
        written.input(),
        written.images(),
        written.exactPixels(),
        written.temperature());
  }

  private static List<Double> all(int channels, double value) {
    return Collections.nCopies(channels, value);
  }

  private static List<Double> scaled(List<Double> values, double unit) {
    return values.stream().map(value -> value * unit).toList();
  }

  private String name(String written) {
    String last = file.substring(file.lastIndexOf('/') + 1).replaceFirst("\\.onnx$", "");
    String name = printable(written.isBlank() ? last : written);
    return name.isBlank() ? "onnx" : name;
  }

  private static long opset(ModelProto model) {
    return model.getOpsetImportList().stream()
        .filter(set -> isStandard(set.getDomain()))
        .mapToLong(OperatorSetIdProto::getVersion)
        .reduce(1, (first, second) -> second);
  }

  private void requireSupported(ModelProto model) {
    long opset = opset(model);
    Check.input(
        opset >= OLDEST_OPSET && opset <= NEWEST_OPSET,
        "Cannot import %s: its operators are of opset %d (%d to %d are supported; export it again"
            + " with one of these)",
        file,
        opset,
        OLDEST_OPSET,
        NEWEST_OPSET);
    Check.input(
        model.getFunctionsList().stream().noneMatch(each -> isStandard(each.getDomain())),
        "Cannot import %s: it has functions of its own in place of ONNX's operators",
        file);
  }

  private ValueInfoProto input(GraphProto graph) {
    List<ValueInfoProto> inputs =
        graph.getInputList().stream()
            .filter(each -> !constants.containsKey(each.getName()))
            .toList();
    Check.input(
        inputs.size() == 1,
        "Cannot import %s: its graph has %d inputs (must be one, of images)",
        file,
        inputs.size());
    return inputs.get(0);
  }

  private Shape shape(ValueInfoProto input, OptionalInt size) {
    TypeProto.Tensor type = input.getType().getTensorType();
    Check.input(
        type.getElemType() == TensorProto.DataType.FLOAT_VALUE,
        "Cannot import %s: its input is of type %s (must be FLOAT)",
        file,
        Optional.ofNullable(TensorProto.DataType.forNumber(type.getElemType()))
            .map(Enum::name)
            .orElse("unknown"));
    List<TensorShapeProto.Dimension> sizes = type.getShape().getDimList();
    Check.input(
        sizes.size() == 4,
        "Cannot import %s: its input has %d dimensions (must be 4: batch, channels, height, width)",
        file,
        sizes.size());
    long channels = sizes.get(1).getDimValue();
    long height = size.isPresent() ? size.getAsInt() : sizes.get(2).getDimValue();
    long width = size.isPresent() ? size.getAsInt() : sizes.get(3).getDimValue();
    Check.input(
        height > 0 && width > 0,
        "Cannot import %s: its input has no fixed height and width: say --input-size N",
        file);
    Check.input(
        channels >= 1 && channels <= 1 << 16 && height <= 1 << 16 && width <= 1 << 16,
        "Cannot import %s: it takes %d channels of %d x %d (each must be between 1 and 65536)",
        file,
        channels,
        height,
        width);
    return new Shape((int) height, (int) width, (int) channels);
  }

  private void mapNodes(GraphProto graph, NodeMapping mapping) {
    int number = 0;
    for (NodeProto proto : graph.getNodeList()) {
      number++;
      NodeView node = new NodeView(proto, number);
      for (String name : proto.getOutputList()) {
        Check.undamaged(
            name.isEmpty() || !(values.containsKey(name) || constants.containsKey(name)),
            "Damaged ONNX file %s: %s computes '%s' again",
            file,
            node.label(),
            printable(name));
      }
      map(node, mapping);
    }
  }

  private void map(NodeView node, NodeMapping mapping) {
    NodeProto proto = node.proto();
    boolean reachable = true;
    for (String name : proto.getInputList()) {
      Check.undamaged(
          name.isEmpty()
              || values.containsKey(name)
              || constants.containsKey(name)
              || unknown.contains(name)
              || shapes.contains(name)
              || others.containsKey(name),
          "Damaged ONNX file %s: %s reads '%s', which no node before it computes (a cycle?)",
          file,
          node.label(),
          printable(name));
      reachable &= !unknown.contains(name);
    }
    String output = proto.getOutputCount() == 0 ? "" : proto.getOutput(0);
    boolean mapped = true;
    try {
      for (String name : proto.getInputList()) {
        NodeView.require(
            !others.containsKey(name),
            "no layer has its input '%s' of %s".formatted(printable(name), others.get(name)));
      }
      if (!isStandard(proto.getDomain())) {
        throw new UnmappedException("it is of domain '%s'".formatted(printable(proto.getDomain())));
      } else if (node.operator().equals("Constant")) {
        constants.put(output, constant(node));
      } else if (node.operator().equals("Identity") && constants.containsKey(node.input(0))) {
        node.requireAllRead();
        constants.put(output, constants.get(node.input(0)));
      } else if (reachable && shapes.areComputedBy(node)) {
        shapes.compute(node);
      } else if (reachable || !isKnown(node.operator())) {
        GraphValue value = mapping.map(node);
        values.put(node.operator().equals("LSTM") ? proto.getOutput(1) : output, value);
      } else {
        mapped = false;
      }
    } catch (UnmappedException e) {
      mapped = false;
      unmapped.add("%s: %s".formatted(node.label(), e.getMessage()));
    }
    for (String name : proto.getOutputList()) {
      if (name.isEmpty()) {
        continue; // an output that nothing reads
      }
      if (!mapped) {
        unknown.add(name);
      } else if (!values.containsKey(name)
          && !constants.containsKey(name)
          && !shapes.contains(name)) {
        others.put(name, node.label());
      }
    }
  }

  private static boolean isKnown(String operator) {
    return NodeMapping.isKnown(operator) || GraphShapes.isKnown(operator);
  }

  private static boolean isStandard(String domain) {
    return domain.isEmpty() || domain.equals("ai.onnx");
  }

  private OnnxTensor constant(NodeView node) throws UnmappedException {
    NodeView.require(node.proto().getAttributeCount() <= 1, "a constant with several values");
    String place = "%s: %s".formatted(file, node.label());
    for (AttributeProto attribute : node.proto().getAttributeList()) {
      TensorProto.Builder tensor = TensorProto.newBuilder();
      switch (attribute.getName()) {
        case "value":
          return OnnxTensor.of(attribute.getT(), place);
        case "value_float":
          tensor.setDataType(TensorProto.DataType.FLOAT_VALUE).addFloatData(attribute.getF());
          break;
        case "value_floats":
          tensor
              .setDataType(TensorProto.DataType.FLOAT_VALUE)
              .addDims(attribute.getFloatsCount())
              .addAllFloatData(attribute.getFloatsList());
          break;
        case "value_int":
          tensor.setDataType(TensorProto.DataType.INT64_VALUE).addInt64Data(attribute.getI());
          break;
        case "value_ints":
          tensor
              .setDataType(TensorProto.DataType.INT64_VALUE)
              .addDims(attribute.getIntsCount())
              .addAllInt64Data(attribute.getIntsList());
          break;
        default:
          throw new UnmappedException("a constant of another kind");
      }
      return OnnxTensor.of(tensor.build(), place);
    }
    throw new UnmappedException("a constant without a value");
  }

  private void requireMapped() {
    if (unmapped.isEmpty()) {
      return;
    }
    List<String> named = unmapped.subList(0, Math.min(MOST_NAMED, unmapped.size()));
    int more = unmapped.size() - named.size();
    throw new InputException(
        "Cannot import %s: %s of its nodes have no layer here: %s%s"
            .formatted(
                file,
                unmapped.size(),
                String.join("; ", named),
                more > 0 ? "; and %s more".formatted(more) : ""));
  }

  /** Text of a file in a message of one line. */
  static String printable(String text) {
    String plain = text.replaceAll("[^ -~]", "?");
    return plain.length() <= LONGEST_NAME ? plain : plain.substring(0, LONGEST_NAME) + "...";
  }
}
