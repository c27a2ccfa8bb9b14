// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.failure.Check;
import io.stoker.worker.eval.TestViews;
import picocli.CommandLine.Option;

/** Which views of an image a network is shown. */
final class TestViewsOption {
  @Option(
      names = "--tta",
      paramLabel = "none|flip|shift|ten-crop",
      description =
          "Test-time views of each image, whose probabilities are averaged: flip adds the mirror"
              + " image; shift also adds both moved by one pixel, up and left, and down and right;"
              + " ten-crop takes the four corners and the centre, each also mirrored, of images"
              + " that are larger than the model's input (default: none).")
  private String name;

  @Option(names = "--ten-crop", description = "The same as --tta ten-crop.")
  private boolean tenCrop;

  /**
   * The views that were asked for.
   *
   * @throws io.stoker.failure.InputException if there are none of that name, or two were asked for
   */
  TestViews views() {
    TestViews views =
        name != null ? TestViews.parse(name) : tenCrop ? TestViews.TEN_CROP : TestViews.NONE;
    Check.input(
        !tenCrop || views == TestViews.TEN_CROP,
        "Either --ten-crop or --tta %s: --ten-crop is the same as --tta ten-crop",
        name);
    return views;
  }
}
