// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.worker.eval.WorstMistakes;
import java.util.ArrayList;
import java.util.List;

/** The part of the page that shows a data set: counts, samples, and mistakes of an evaluation. */
final class DataView {
  /** Of more classes, the first ones are listed, and the number of all. */
  private static final int MAXIMUM_CLASSES = 100;

  private static final int SAMPLES = 20;

  private final ShardFolder folder;

  DataView(ShardFolder folder) {
    this.folder = folder;
  }

  /** The counts and samples as JSON. */
  ObjectNode toJson() {
    ShardManifest manifest = folder.manifest();
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("folder", Locations.plain(folder.path().toString()))
        .put("image", manifest.images().toString())
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

  private ArrayNode samples() {
    ArrayNode samples = JsonNodeFactory.instance.arrayNode();
    ClassSamples.of(folder, SAMPLES).forEach(sample -> samples.add(picture(sample)));
    return samples;
  }

  /** The images that an evaluation on this data was most wrong about, as JSON. */
  ArrayNode mistakes(EvaluationReport report) {
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
      ShardBlock images = ClassSamples.read(folder, report.split(), block);
      ObjectNode picture =
          picture(
              ClassSamples.sample(folder, images, (int) (mistake.index() - firstRows.get(block))));
      picture
          .put("predicted", folder.manifest().classNames().get(mistake.predicted()))
          .put("probability", mistake.probability())
          .put("loss", mistake.loss());
      array.add(picture);
    }
    return array;
  }

  private static ObjectNode picture(ClassSamples.Sample sample) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("class", sample.name())
        .put("path", sample.path())
        .put("picture", EmbeddedPicture.of(sample.image()));
  }
}
