package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.worker.eval.WorstMistakes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What the page shows of a data set: its counts, samples, and images by their place. */
final class DataView {
  /** Of more classes the first ones are shown; the rest is counted. */
  private static final int MAXIMUM_CLASSES = 100;

  private static final int SAMPLES = 20;

  /** A rare class may be far from the start; more blocks than these are not looked through. */
  private static final int MAXIMUM_BLOCKS = 32;

  private final ShardFolder folder;

  DataView(ShardFolder folder) {
    this.folder = folder;
  }

  /** Counts and samples. */
  ObjectNode toJson() throws IOException {
    ShardManifest manifest = folder.manifest();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("folder", Locations.plain(folder.path().toString()))
        .put("image", manifest.image().toString())
        .put("encoding", manifest.encoding().name())
        .put("classes", manifest.classes())
        .put("rejected", manifest.rejected().size())
        .put("manifest_sha256", folder.manifestHash());
    manifest.splits().keySet().forEach(json.putArray("splits")::add);
    int shown = Math.min(MAXIMUM_CLASSES, manifest.classes());
    for (int label = 0; label < shown; label++) {
      int index = label;
      ObjectNode row = json.withArray("rows").addObject();
      row.put("name", manifest.classNames().get(label));
      ArrayNode counts = row.putArray("counts");
      manifest.splits().values().forEach(split -> counts.add(split.samplesPerClass().get(index)));
    }
    ArrayNode totals = json.putArray("totals");
    manifest.splits().values().forEach(split -> totals.add(split.samples()));
    json.set("samples", samples());
    return json;
  }

  /** The first image of each class in the split that is trained on. */
  private ArrayNode samples() throws IOException {
    ShardManifest manifest = folder.manifest();
    int wanted = Math.min(SAMPLES, manifest.classes());
    ObjectNode[] byLabel = new ObjectNode[wanted];
    int found = 0;
    int blocks = Math.min(MAXIMUM_BLOCKS, manifest.split("train").blockRows().length);
    for (int index = 0; index < blocks && found < wanted; index++) {
      ShardBlock block = folder.readBlock("train", index);
      for (int row = 0; row < block.rows() && found < wanted; row++) {
        int label = block.label(row);
        if (label < wanted && byLabel[label] == null) {
          byLabel[label] = picture(block, row);
          found++;
        }
      }
    }
    ArrayNode samples = JsonNodeFactory.instance.arrayNode();
    for (ObjectNode sample : byLabel) {
      if (sample != null) {
        samples.add(sample);
      }
    }
    return samples;
  }

  /** The worst mistakes of an evaluation on this data. */
  ArrayNode mistakes(EvaluationReport report) throws IOException {
    List<Integer> firstRows = new ArrayList<>();
    int rows = 0;
    for (int blockRows : folder.manifest().split(report.split()).blockRows()) {
      firstRows.add(rows);
      rows += blockRows;
    }
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (WorstMistakes.Mistake mistake : report.mistakes()) {
      int block = firstRows.size() - 1;
      while (firstRows.get(block) > mistake.index()) {
        block--;
      }
      ObjectNode picture =
          picture(
              folder.readBlock(report.split(), block),
              (int) (mistake.index() - firstRows.get(block)));
      picture
          .put("predicted", folder.manifest().classNames().get(mistake.predicted()))
          .put("probability", mistake.probability())
          .put("loss", mistake.loss());
      array.add(picture);
    }
    return array;
  }

  private ObjectNode picture(ShardBlock block, int row) {
    ImageShape shape = folder.manifest().image();
    byte[] values = new byte[shape.bytes()];
    block.decode(row, values);
    return JsonNodeFactory.instance
        .objectNode()
        .put("class", folder.manifest().classNames().get(block.label(row)))
        .put("path", block.path(row))
        .put("picture", Picture.of(new Pixels(shape, values)));
  }
}
