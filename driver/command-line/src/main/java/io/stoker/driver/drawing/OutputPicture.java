// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.data.storage.OutputFile;
import io.stoker.data.storage.OutputFolder;
import java.awt.image.BufferedImage;
import javax.imageio.ImageIO;

/**
 * A picture that a command writes, as PNG.
 *
 * @param shown the file as the user named it
 * @param file the file
 */
public record OutputPicture(String shown, OutputFile file) {
  /**
   * A picture in a folder.
   *
   * @param folder the folder
   * @param folderShown the folder as the user named it
   * @param name the file's name
   */
  public static OutputPicture in(OutputFolder folder, String folderShown, String name) {
    String separator = folderShown.endsWith("/") ? "" : "/";
    return new OutputPicture(folderShown + separator + name, folder.file(name));
  }

  /**
   * Writes it.
   *
   * @throws java.io.UncheckedIOException if the storage fails
   */
  public void write(BufferedImage picture) {
    file.write(out -> ImageIO.write(picture, "png", out));
  }
}
