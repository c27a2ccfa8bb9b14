package io.stoker.driver.evaluate;

import io.stoker.data.augment.Views;
import io.stoker.data.batch.Normalization;
import io.stoker.data.image.ImageFile;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.ModelFiles;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.file.ModelMetadata;
import io.stoker.worker.eval.ModelInput;
import java.util.ArrayList;
import java.util.List;
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
    ImageShape images = ModelInput.images(metadata.images());
    Views views = request.crops().of(images, ModelInput.images(metadata.model().input()));
    Normalization normalization = new Normalization(metadata.mean(), metadata.standardDeviation());
    MemoryCheck.requireHere(MemoryNeed.ofOneBatch(metadata.model(), views.count()), 1);
    float[] shown = new float[views.count() * views.input().bytes()];
    int classes = metadata.model().classes();
    float[] probabilities = new float[views.count() * classes];
    List<Prediction> predictions = new ArrayList<>();
    try (Network network =
        Engines.named(request.engine()).create(metadata.model(), views.count())) {
      stored.load(network, hadoop);
      for (String uri : request.images()) {
        Pixels pixels = ImageFile.read(Locations.absolute(uri, hadoop), hadoop, images, images);
        normalization.apply(pixels.values(), views, shown, 0);
        network.predict(shown, views.count(), probabilities);
        request.crops().average(probabilities, 1, classes);
        predictions.add(Prediction.of(uri, probabilities, metadata.classNames(), request.top()));
      }
    }
    return List.copyOf(predictions);
  }
}
