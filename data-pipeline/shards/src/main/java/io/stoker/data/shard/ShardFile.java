// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.List;
import java.util.regex.Pattern;

/**
 * One shard as the manifest describes it.
 *
 * @param file its name, in the folder of the manifest
 * @param rows how many samples it holds
 * @param rowGroups how many samples each of its Parquet row groups holds, in order
 * @param bytes its length
 * @param sha256 the SHA-256 of its bytes, in lower-case hexadecimal digits
 */
public record ShardFile(String file, long rows, List<Integer> rowGroups, long bytes, String sha256)
    implements Serializable {
  /** A plain file name: a manifest must not be able to point out of its folder. */
  private static final Pattern FILE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,250}");

  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");

  public ShardFile {
    Check.undamaged(
        file != null && FILE.matcher(file).matches(), "Invalid shard file name: %s", file);
    Check.undamaged(
        sha256 != null && SHA256.matcher(sha256).matches(), "Invalid SHA-256: %s", sha256);
    Check.undamaged(bytes > 0, "Invalid length of shard %s: %d", file, bytes);
    Check.undamaged(rowGroups != null, "Shard %s has no row groups", file);
    rowGroups = List.copyOf(rowGroups);
    long sum = 0;
    for (int group : rowGroups) {
      Check.undamaged(group > 0, "Invalid row group of shard %s: %d rows", file, group);
      sum += group;
    }
    Check.undamaged(
        sum == rows && rows > 0,
        "Invalid shard %s: %d rows, and %d in its row groups",
        file,
        rows,
        sum);
  }
}
