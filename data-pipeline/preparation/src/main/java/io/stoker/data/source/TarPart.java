// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Spliterator;
import java.util.Spliterators.AbstractSpliterator;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The images of one tar file.
 *
 * @param file the whole path
 * @param splitName of the images, or blank
 * @param labels of the images by name
 */
record TarPart(String file, String splitName, Map<String, Integer> labels) implements SourcePart {
  TarPart {
    labels = Map.copyOf(labels);
  }

  @Override
  public Optional<String> split() {
    return splitName.isBlank() ? Optional.empty() : Optional.of(splitName);
  }

  @Override
  public Stream<SourceSample> samples(Configuration hadoop) throws IOException {
    Path path = new Path(file);
    TarFile tar = new TarFile(Storage.of(path, hadoop), path);
    AbstractSpliterator<SourceSample> samples =
        new AbstractSpliterator<>(Long.MAX_VALUE, Spliterator.ORDERED) {
          @Override
          public boolean tryAdvance(Consumer<? super SourceSample> action) {
            while (tar.next()) {
              Integer label = tar.isFile() ? labels.get(tar.name()) : null;
              if (label != null) {
                action.accept(sample(tar, path.getName() + "/" + tar.name(), label));
                return true;
              }
            }
            return false;
          }
        };
    return StreamSupport.stream(samples, false).onClose(() -> Inputs.close(tar));
  }

  private static SourceSample sample(TarFile tar, String path, int label) {
    SourceImage image =
        tar.length() > ImageFiles.MAXIMUM_BYTES
            ? ImageFiles.tooLarge(tar.length())
            : new SourceImage.Encoded(tar.read());
    return new SourceSample(path, label, image);
  }
}
