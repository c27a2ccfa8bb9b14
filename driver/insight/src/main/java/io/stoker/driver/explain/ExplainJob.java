// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.data.batch.Normalization;
import io.stoker.data.image.DecodedImage;
import io.stoker.data.image.Decoding;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.LeastSize;
import io.stoker.data.image.Pixels;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.evaluate.ImageFailure;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.evaluate.NamedImages;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.evaluate.Ranking;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.file.ModelMetadata;
import io.stoker.worker.eval.ModelInput;
import io.stoker.worker.eval.Temperature;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;

/** Explains what a checkpoint sees in images, in this process. */
public final class ExplainJob implements AutoCloseable {
  /** Copies of an image, each with another square covered, that are classified at a time. */
  private static final int BATCH = 32;

  private final Configuration hadoop;
  private final ModelMetadata metadata;
  private final Network network;
  private final Temperature temperature;

  /**
   * Loads a checkpoint. The caller closes this job.
   *
   * @param model the checkpoint, and the engine's name
   * @param hadoop how to reach checkpoint and images
   */
  public ExplainJob(Inference model, Configuration hadoop) {
    this.hadoop = hadoop;
    StoredModel stored = model.open(hadoop);
    stored.requireFinite();
    metadata = stored.metadata();
    temperature = stored.temperature();
    MemoryCheck.requireHere(MemoryNeed.ofOneBatch(metadata.model(), BATCH), 1);
    network = Engines.named(model.engine()).create(metadata.model(), BATCH);
    try {
      stored.load(network, hadoop);
    } catch (RuntimeException | Error e) {
      network.close(); // Its memory is native, and nobody else has it.
      throw e;
    }
  }

  /**
   * Explains images, one after the other.
   *
   * @param images URIs of image files
   * @param top how many classes of each are named
   * @param consumer takes each explanation
   * @param failures is told of each image that cannot be read; the others are explained all the
   *     same
   * @throws io.stoker.failure.StokerException if the model has no layers to explain it by, or the
   *     engine cannot do it
   */
  public void explain(
      List<String> images,
      int top,
      Consumer<Explanation> consumer,
      Consumer<ImageFailure> failures) {
    Check.input(top >= 1, "Invalid top: %d (must be >= 1)", top);
    ImageShape shape = ModelInput.images(metadata.model().input());
    ImageShape trained = ModelInput.images(metadata.images());
    LeastSize least = Decoding.of(metadata.exactPixels()).leastFor(trained);
    Normalization normalization = new Normalization(metadata.mean(), metadata.standardDeviation());
    Saliency saliency = new Saliency(network);
    for (String uri : images) {
      Optional<DecodedImage> read = NamedImages.read(uri, least, hadoop, failures);
      if (read.isEmpty()) {
        continue;
      }
      Pixels pixels = read.get().fit(trained).middle(shape);
      float[] image = new float[shape.bytes()];
      normalization.apply(pixels.values(), shape, image, 0);
      float[] probabilities = new float[metadata.model().classes()];
      network.predict(image, 1, probabilities);
      temperature.apply(probabilities, 1, probabilities.length);
      int best = Ranking.best(probabilities, 0, probabilities.length, 1).get(0);
      consumer.accept(
          new Explanation(
              Prediction.of(uri, probabilities, metadata.classNames(), top),
              pixels,
              saliency.gradCam(image, best),
              saliency.occlusion(image, best),
              saliency.inputGradient(image, best)));
    }
  }

  /**
   * The filters of the first layer, as figure 3 of the AlexNet paper shows them (Krizhevsky et al.,
   * 2012).
   *
   * @throws io.stoker.failure.InputException if the first layer is no convolution over the image
   */
  public ImageFilters filters() {
    Optional<FilterWeights> place = FilterWeights.of(metadata.model());
    Check.input(
        place.isPresent(),
        "Cannot draw filters of model %s: its first layer is no convolution",
        metadata.model().name());
    float[] weights = new float[place.get().size()];
    network.readParameters(place.get().offset(), FloatBuffer.wrap(weights));
    return place.get().filters(weights);
  }

  @Override
  public void close() {
    network.close();
  }
}
