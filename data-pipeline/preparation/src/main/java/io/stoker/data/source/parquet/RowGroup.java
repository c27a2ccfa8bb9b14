// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.data.source.ImagePaths;
import java.io.Serializable;

/**
 * One row group of a Parquet file: what a task reads.
 *
 * @param file the whole path
 * @param paths where paths of images may lead
 * @param split that the file's name says; empty if it says none
 * @param index of the row group in the file
 */
public record RowGroup(String file, ImagePaths paths, String split, int index)
    implements Serializable {}
