// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The eigenvalues and eigenvectors of a small symmetric matrix, by the cyclic method of Jacobi
 * (Golub and Van Loan, "Matrix Computations", algorithm 8.5.3). All machines get the same bits: the
 * arithmetic is of operations whose result Java defines exactly.
 *
 * @param pairs in the order of falling eigenvalues
 */
record SymmetricEigen(List<Pair> pairs) {
  /** More sweeps than matrices of some dozens of rows ever need. */
  private static final int SWEEPS = 60;

  /**
   * An eigenvalue.
   *
   * @param value the eigenvalue
   * @param vector of length 1, whose entry of the largest magnitude is positive
   */
  @SuppressWarnings("ArrayRecordComponent") // It stays in this package.
  record Pair(double value, double[] vector) {}

  double value(int i) {
    return pairs.get(i).value();
  }

  double[] vector(int i) {
    return pairs.get(i).vector();
  }

  /** Those of a matrix, of which the upper right half is read. */
  static SymmetricEigen of(double[][] symmetric) {
    int size = symmetric.length;
    double[][] matrix = new double[size][size];
    double[][] vectors = new double[size][size]; // a row each
    for (int i = 0; i < size; i++) {
      vectors[i][i] = 1;
      for (int j = 0; j < size; j++) {
        matrix[i][j] = symmetric[Math.min(i, j)][Math.max(i, j)];
      }
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
      for (int i = 0; i < size; i++) {
        for (int j = i + 1; j < size; j++) {
          if (matrix[i][j] != 0) {
            rotate(matrix, vectors, i, j);
          }
        }
      }
    }
    return new SymmetricEigen(
        IntStream.range(0, size)
            .mapToObj(i -> new Pair(matrix[i][i], upright(vectors[i])))
            .sorted(Comparator.comparingDouble(Pair::value).reversed())
            .toList());
  }

  /** Makes entry (p, q) of the matrix zero. */
  private static void rotate(double[][] matrix, double[][] vectors, int p, int q) {
    double theta = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
    double tangent = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double cosine = 1 / Math.sqrt(tangent * tangent + 1);
    double sine = tangent * cosine;
    for (int i = 0; i < matrix.length; i++) {
      double left = matrix[i][p];
      double right = matrix[i][q];
      matrix[i][p] = cosine * left - sine * right;
      matrix[i][q] = sine * left + cosine * right;
    }
    combine(matrix, p, q, cosine, sine);
    combine(vectors, p, q, cosine, sine);
    matrix[p][q] = 0;
    matrix[q][p] = 0;
  }

  private static void combine(double[][] rows, int p, int q, double cosine, double sine) {
    for (int i = 0; i < rows.length; i++) {
      double upper = rows[p][i];
      double lower = rows[q][i];
      rows[p][i] = cosine * upper - sine * lower;
      rows[q][i] = sine * upper + cosine * lower;
    }
  }

  private static double[] upright(double[] vector) {
    int largest = 0;
    for (int i = 1; i < vector.length; i++) {
      largest = Math.abs(vector[i]) > Math.abs(vector[largest]) ? i : largest;
    }
    double sign = vector[largest] < 0 ? -1 : 1;
    return IntStream.range(0, vector.length).mapToDouble(i -> sign * vector[i]).toArray();
  }
}
