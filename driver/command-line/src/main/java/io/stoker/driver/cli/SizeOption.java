// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import picocli.CommandLine.Option;

/** Another size of images than that of the training. */
final class SizeOption {
  @Option(
      names = "--size",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Show the network N x N pixels of each image, if it takes several sizes: its dense layers"
              + " come after a global average pool (default: the size of the training).")
  int size;
}
