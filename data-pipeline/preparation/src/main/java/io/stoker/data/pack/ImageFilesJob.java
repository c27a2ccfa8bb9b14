// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.ImageSource;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SourcePart;
import io.stoker.data.source.SourceSample;
import io.stoker.data.storage.OutputFolder;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.WriteProbe;
import io.stoker.failure.Check;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/** Writes the decoded images of a source as image files, a folder a class. */
public final class ImageFilesJob {
  private static final int TASKS_PER_SLOT = 8;

  private ImageFilesJob() {}

  /**
   * Runs the job.
   *
   * @param spark where to run
   * @param source whose images are decoded ones
   * @param output a folder that is empty or absent
   * @param encoding of the files, JPEG or PNG
   * @return how many files were written
   * @throws io.stoker.failure.InputException if the output has something in it
   * @throws IOException if the output cannot be looked at
   */
  public static long run(
      JavaSparkContext spark, ImageSource source, Path output, ShardEncoding encoding)
      throws IOException {
    Check.input(
        !(encoding instanceof ShardEncoding.Raw),
        "Invalid encoding of image files: raw (must be jpeg or png)");
    Configuration hadoop = spark.hadoopConfiguration();
    FileSystem fileSystem = Storage.of(output, hadoop);
    OutputFolder.check("--output", output.toString(), hadoop);
    Check.input(
        WriteProbe.entries(output, fileSystem).isEmpty(),
        "Output %s is not empty (choose another folder)",
        output);
    SharedStorage.require(spark, output, List.of());
    SourceListing listing = source.list(output, hadoop);
    Broadcast<SerializableConfiguration> configuration =
        spark.broadcast(new SerializableConfiguration(hadoop));
    String folder = output.toString();
    try {
      int slots = Math.max(1, spark.defaultParallelism());
      return spark
          .parallelize(listing.parts(), Math.min(listing.parts().size(), slots * TASKS_PER_SLOT))
          .map(part -> write(part, folder, encoding, configuration.value().value()))
          .reduce(Long::sum);
    } finally {
      Broadcasts.destroy(configuration);
    }
  }

  private static long write(
      SourcePart part, String folder, ShardEncoding encoding, Configuration hadoop)
      throws IOException {
    String extension = encoding instanceof ShardEncoding.Png ? ".png" : ".jpg";
    long files = 0;
    try (Stream<SourceSample> samples = part.samples(hadoop)) {
      Iterator<SourceSample> each = samples.iterator();
      while (each.hasNext()) {
        SourceSample sample = each.next();
        if (sample.image() instanceof SourceImage.Decoded decoded) {
          Path file = new Path(folder + Path.SEPARATOR + sample.path() + extension);
          Storage.replace(file, encoding.encode(decoded.pixels()), hadoop);
          files++;
        }
      }
    }
    return files;
  }
}
