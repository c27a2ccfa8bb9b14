// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;

/**
 * Keeps the footers of the shards that were read last: without it, each block would cost two more
 * reads of its file, and the parsing of the whole footer. Any number of threads may share it.
 */
final class FooterCache {
  /** Of all footers that are kept; some 20 MB. */
  private static final int MOST_ROW_GROUPS = 4096;

  /** Reads a footer. */
  interface Source {
    ParquetMetadata read() throws IOException;
  }

  /** By the shard's file, the one that was used last at the end. */
  private final Map<String, ParquetMetadata> kept = new LinkedHashMap<>(16, 0.75f, true);

  private int rowGroups;

  /**
   * A shard's footer.
   *
   * @param file the shard's
   * @param source reads it if it is not kept; two threads may do so at the same time
   */
  ParquetMetadata of(String file, Source source) throws IOException {
    synchronized (this) {
      ParquetMetadata footer = kept.get(file);
      if (footer != null) {
        return footer;
      }
    }
    ParquetMetadata footer = source.read();
    keep(file, footer);
    return footer;
  }

  private synchronized void keep(String file, ParquetMetadata footer) {
    if (kept.put(file, footer) == null) {
      rowGroups += footer.getBlocks().size();
    }
    Iterator<ParquetMetadata> oldest = kept.values().iterator();
    while (rowGroups > MOST_ROW_GROUPS && kept.size() > 1) {
      rowGroups -= oldest.next().getBlocks().size();
      oldest.remove();
    }
  }
}
