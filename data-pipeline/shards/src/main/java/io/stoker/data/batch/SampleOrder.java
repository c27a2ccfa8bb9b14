// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

/** Which sample is where in which batch. */
interface SampleOrder {
  /** How many batches there are. */
  int batches();

  /** The most examples that a batch has. */
  int capacity();

  /** How many examples a batch has. */
  int examples(int batch);

  /** The block of an example of a batch. */
  int block(int batch, int example);

  /** The row of an example of a batch, in its block. */
  int row(int batch, int example);

  /** Which copy of its sample an example is, from 0. */
  default int copy(int batch, int example) {
    return 0;
  }
}
