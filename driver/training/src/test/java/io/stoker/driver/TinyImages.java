// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** The test split of a tiny job's data as image files. */
public final class TinyImages {
  private TinyImages() {}

  /**
   * Writes them as PNG, a folder a class.
   *
   * @param data the folder of shards
   * @param folder where to; it is made
   * @return the files, in the order of the shard
   */
  public static List<Path> write(Path data, Path folder) throws IOException {
    ShardBlock block =
        ShardFolder.open(new org.apache.hadoop.fs.Path(data.toUri()), new Configuration())
            .readBlock("test", 0);
    List<Path> files = new ArrayList<>();
    for (int row = 0; row < block.rows(); row++) {
      byte[] values = new byte[TinyShards.SHAPE.bytes()];
      block.decode(row, values);
      Path label = Files.createDirectories(folder.resolve("bar " + block.label(row)));
      files.add(
          Files.write(
              label.resolve(row + ".png"),
              ImageCodec.encodePng(new Pixels(TinyShards.SHAPE, values))));
    }
    return files;
  }
}
