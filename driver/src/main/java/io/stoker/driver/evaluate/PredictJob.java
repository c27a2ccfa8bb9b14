package io.stoker.driver.evaluate;

import io.stoker.data.batch.Normalization;
import io.stoker.data.image.ImageFile;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ModelFiles;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.file.ModelMetadata;
import io.stoker.worker.eval.ModelInput;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/** Classifies image files in this process. */
public final class PredictJob {
  private PredictJob() {}

  /**
   * Runs it.
   *
   * @param hadoop how to reach checkpoint and images
   * @param request which images
   * @return one prediction an image, in the order of the request
   * @throws io.stoker.failure.StokerException if the checkpoint or an image cannot be used
   */
  public static List<Prediction> run(Configuration hadoop, PredictRequest request) {
    Check.input(!request.images().isEmpty(), "Missing images: name at least one file");
    Check.input(request.top() >= 1, "Invalid top: %d (must be >= 1)", request.top());
    StoredModel stored = ModelFiles.open(request.checkpoint(), hadoop);
    ModelMetadata metadata = stored.metadata();
    ImageShape shape = ModelInput.images(metadata.model().input());
    ImageShape trained = ModelInput.images(metadata.images());
    Normalization normalization = new Normalization(metadata.mean(), metadata.standardDeviation());
    float[] image = new float[shape.bytes()];
    float[] probabilities = new float[metadata.model().classes()];
    List<Prediction> predictions = new ArrayList<>();
    try (Network network = Engines.named(request.engine()).create(metadata.model(), 1)) {
      stored.copyParameters(network::writeParameters, hadoop);
      for (String uri : request.images()) {
        Pixels pixels = ImageFile.read(Locations.absolute(uri, hadoop), hadoop, trained, shape);
        normalization.apply(pixels.values(), shape, image, 0);
        network.predict(image, 1, probabilities);
        predictions.add(
            new Prediction(uri, best(probabilities, metadata.classNames(), request.top())));
      }
    }
    return List.copyOf(predictions);
  }

  private static List<Prediction.ClassProbability> best(
      float[] probabilities, List<String> classNames, int top) {
    return IntStream.range(0, probabilities.length)
        .boxed()
        .sorted(Comparator.comparingDouble(label -> -probabilities[label]))
        .limit(top)
        .map(label -> new Prediction.ClassProbability(classNames.get(label), probabilities[label]))
        .toList();
  }
}
