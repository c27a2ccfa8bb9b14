// SPDX-License-Identifier: Apache-2.0
import java.awt.image.BufferedImage;
import java.io.File;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import javax.imageio.ImageIO;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Classifies a picture with a Stoker checkpoint and nothing of Stoker: Deeplearning4j 1.0.0-M2.1
 * (deeplearning4j-nn and nd4j-native) is all that it needs.
 *
 * <pre>java -cp "lib/*" ReadCheckpoint.java model.zip picture.png</pre>
 *
 * The picture must have the size and channels that the model was trained on.
 */
public final class ReadCheckpoint {
  private ReadCheckpoint() {}

  public static void main(String[] arguments) throws Exception {
    File checkpoint = new File(arguments[0]);
    ComputationGraph network = ComputationGraph.load(checkpoint, false);
    NormalizerStandardize normalizer = ModelSerializer.restoreNormalizerFromFile(checkpoint);
    int channels = (int) normalizer.getMean().length();

    INDArray images = pixels(ImageIO.read(new File(arguments[1])), channels);
    normalizer.transform(images);
    INDArray probabilities = network.outputSingle(images);

    System.out.println("parameters_sha256 " + sha256(network.params()));
    System.out.println("class " + probabilities.argMax(1).getInt(0));
    System.out.println("probabilities " + Arrays.toString(probabilities.toFloatVector()));
  }

  /** One image, {@code [1, channels, height, width]}, values 0 to 255. */
  private static INDArray pixels(BufferedImage picture, int channels) {
    float[][][][] pixels = new float[1][channels][picture.getHeight()][picture.getWidth()];
    for (int c = 0; c < channels; c++) {
      for (int y = 0; y < picture.getHeight(); y++) {
        for (int x = 0; x < picture.getWidth(); x++) {
          pixels[0][c][y][x] =
              channels == 1
                  ? picture.getRaster().getSample(x, y, 0)
                  : picture.getRGB(x, y) >> (16 - 8 * c) & 255;
        }
      }
    }
    return Nd4j.createFromArray(pixels);
  }

  private static String sha256(INDArray parameters) throws Exception {
    float[] values = parameters.toFloatVector();
    ByteBuffer bytes =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes.array()));
  }
}
