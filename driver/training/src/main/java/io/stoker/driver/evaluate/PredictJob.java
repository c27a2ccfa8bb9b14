// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.augment.Views;
import io.stoker.data.batch.Normalization;
import io.stoker.data.image.DecodedImage;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.LeastSize;
import io.stoker.data.image.Pixels;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.file.ModelMetadata;
import io.stoker.worker.eval.ModelInput;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Classifies image files in this process. */
public final class PredictJob {
  /** Is told of each image, in the order of the request. */
  public interface Listener {
    /**
     * An image was classified.
     *
     * @param prediction its most probable classes
     * @param image as it was decoded, larger than the network takes it where the file is
     */
    void predicted(Prediction prediction, Pixels image);

    /** An image could not be read; the others are classified all the same. */
    void failed(ImageFailure failure);
  }

  private PredictJob() {}

  /**
   * Classifies images, all of which must be readable.
   *
   * @param hadoop how to reach checkpoint and images
   * @param request which images
   * @return one prediction per image, in the order of the request
   * @throws io.stoker.failure.StokerException if the checkpoint or an image cannot be used
   */
  public static List<Prediction> run(Configuration hadoop, PredictRequest request) {
    List<Prediction> predictions = new ArrayList<>();
    run(
        hadoop,
        request,
        new Listener() {
          @Override
          public void predicted(Prediction prediction, Pixels image) {
            predictions.add(prediction);
          }

          @Override
          public void failed(ImageFailure failure) {
            throw new InputException(failure.message());
          }
        });
    return List.copyOf(predictions);
  }

  /**
   * Classifies images.
   *
   * @param hadoop how to reach checkpoint and images
   * @param request which images
   * @param listener is told of each
   * @throws io.stoker.failure.StokerException if the checkpoint cannot be used
   */
  public static void run(Configuration hadoop, PredictRequest request, Listener listener) {
    StoredModel stored = request.model().openToPredict(hadoop);
    ModelMetadata metadata = stored.metadata();
    ImageShape images = ModelInput.images(metadata.images());
    LeastSize least = Decoding.of(metadata.exactPixels()).leastFor(images);
    Views views =
        request.model().testViews().of(images, ModelInput.images(metadata.model().input()));
    Normalization normalization = new Normalization(metadata.mean(), metadata.standardDeviation());
    Engine engine = Engines.named(request.model().engine());
    MemoryCheck.requireHere(
        MemoryNeed.ofPredictingOneBatch(
            metadata.model(), views.count(), engine.reusesMemoryInPrediction()),
        1);
    float[] shown = new float[views.count() * views.input().bytes()];
    int classes = metadata.model().classes();
    float[] probabilities = new float[views.count() * classes];
    try (Network network =
        engine.create(
            metadata.model(),
            views.count(),
            request.model().arithmetic(),
            metadata.quantization())) {
      stored.load(network, hadoop);
      for (String uri : request.images()) {
        Optional<DecodedImage> image = NamedImages.read(uri, least, hadoop, listener::failed);
        if (image.isPresent()) {
          Pixels pixels = image.get().fit(images);
          normalization.apply(pixels.values(), views, shown, 0);
          network.predict(shown, views.count(), probabilities);
          request.model().testViews().average(probabilities, 1, classes);
          stored.temperature().apply(probabilities, 1, classes);
          listener.predicted(
              Prediction.of(uri, probabilities, metadata.classNames(), request.top()),
              image.get().pixels());
        }
      }
    }
  }
}
