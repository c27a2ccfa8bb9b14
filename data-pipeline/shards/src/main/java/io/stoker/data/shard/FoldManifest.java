// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.stoker.base.Sha256;
import io.stoker.base.json.StrictJson;
import io.stoker.data.plan.Fold;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The {@code manifest.json} of a fold: a data set without shards of its own. Its split {@code
 * train} is that of other data without one of its parts, and its split {@code validation} is that
 * part.
 *
 * @param foldVersion {@value #FOLD_VERSION}
 * @param data where the other data are, absolute
 * @param dataSha256 the SHA-256 of their manifest
 * @param part from 1
 * @param parts how many there are
 */
public record FoldManifest(int foldVersion, String data, String dataSha256, int part, int parts) {
  private static final int FOLD_VERSION = 1;
  private static final int MOST_BYTES = 1 << 16;
  private static final JsonMapper JSON = StrictJson.mapper().build();

  public FoldManifest {
    Check.undamaged(data != null && dataSha256 != null, "Invalid fold: a field is missing");
    Check.undamaged(isAbsolute(data), "Invalid fold: of the data at '%s', not absolute", data);
    Check.undamaged(
        part >= 1 && part <= parts && parts >= 2, "Invalid fold: %d of %d", part, parts);
  }

  private static boolean isAbsolute(String uri) {
    try {
      Path path = new Path(uri);
      return path.isAbsolute() || path.toUri().getScheme() != null;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * The manifest of a fold of some data.
   *
   * @param data where they are, absolute
   * @param dataSha256 the SHA-256 of their manifest
   */
  public static FoldManifest of(String data, String dataSha256, Fold fold) {
    return new FoldManifest(FOLD_VERSION, data, dataSha256, fold.part(), fold.parts());
  }

  /** What a file holds; empty if it is no fold's manifest. */
  static Optional<FoldManifest> of(byte[] bytes, Path folder) {
    try {
      JsonNode tree = bytes.length > MOST_BYTES ? JSON.nullNode() : JSON.readTree(bytes);
      if (!tree.has("foldVersion")) {
        return Optional.empty();
      }
    } catch (IOException e) {
      return Optional.empty(); // The reader of manifests of shards says what is wrong.
    }
    String place = "manifest " + new Path(folder, ShardManifest.FILE);
    StrictJson.requireKnownVersion(JSON, bytes, "foldVersion", FOLD_VERSION, place);
    return Optional.of(StrictJson.read(JSON, bytes, FoldManifest.class, place));
  }

  /** The identity of the samples: where they are does not matter. */
  String identity() {
    String text = "fold " + part + " of " + parts + " of " + dataSha256;
    return Sha256.hex(text.getBytes(StandardCharsets.UTF_8));
  }

  Fold fold() {
    return new Fold(part, parts);
  }

  /**
   * Writes it, in place of an earlier one.
   *
   * @throws IOException if it cannot be written
   */
  public void write(Path folder, Configuration hadoop) throws IOException {
    Storage.of(folder, hadoop).mkdirs(folder);
    Storage.replace(new Path(folder, ShardManifest.FILE), JSON.writeValueAsBytes(this), hadoop);
  }
}
