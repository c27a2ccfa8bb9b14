// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.data.source.ImagePaths;
import io.stoker.data.source.ImageTree;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SplitNames;
import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Parquet files with a column of images and a column of labels, such as Hugging Face's image data
 * sets. A file or a folder, with files at any depth. Names such as {@code
 * train-00000-of-00002.parquet}, or a folder {@code train}, say the split.
 */
public final class ParquetTable implements Serializable {
  private static final Logger LOG = LoggerFactory.getLogger(ParquetTable.class);

  private static final long serialVersionUID = 1L;

  /** As Hugging Face names the files of a split. */
  private static final Pattern SHARD =
      Pattern.compile("([a-z][a-z0-9_]*)-[0-9]{5}-of-[0-9]{5}.*\\.parquet");

  private final TableSchema schema;

  /** What follows stays on the driver. */
  private final transient List<RowGroup> rowGroups;

  private final transient List<SourceListing.Rejected> rejected;
  private final transient List<String> ignored;

  private ParquetTable(
      TableSchema schema,
      List<RowGroup> rowGroups,
      List<SourceListing.Rejected> rejected,
      List<String> ignored) {
    this.schema = schema;
    this.rowGroups = List.copyOf(rowGroups);
    this.rejected = List.copyOf(rejected);
    this.ignored = List.copyOf(ignored);
  }

  /** Opens a table whose paths of images stay inside of its folder. */
  public static ParquetTable open(Path input, TableColumns columns, Configuration hadoop)
      throws IOException {
    return open(input, columns, List.of(), true, hadoop);
  }

  /**
   * Lists the files and reads their footers.
   *
   * @param input a Parquet file, or a folder of them
   * @param columns what the user names
   * @param allowed folders that paths of images may lead to, in addition to that of the files
   * @param siblings whether images may be files in the folder of a single Parquet file
   * @param hadoop how to reach the filesystem
   * @throws InputException if there are no Parquet files, or they have no such columns, or other
   *     ones than the first file, or they are not all of the folder's {@linkplain LakeFormat table}
   * @throws IOException if the storage fails
   */
  public static ParquetTable open(
      Path input, TableColumns columns, List<Path> allowed, boolean siblings, Configuration hadoop)
      throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    if (fileSystem.exists(input) && fileSystem.getFileStatus(input).isFile()) {
      Check.input(
          !Storage.isSpecial(fileSystem, input),
          "Invalid input: %s is a named pipe, socket or device (must be a file)",
          input);
      Path file = fileSystem.makeQualified(input);
      Files files =
          new Files(
              file.getParent(),
              List.of(file),
              Conventions.HUGGING_FACE,
              ImagePaths.inside(
                  siblings ? Optional.of(file.getParent()) : Optional.empty(), allowed, hadoop));
      return of(fileSystem, files, columns, List.of(), List.of());
    }
    LakeFormat.refuse(fileSystem, input);
    ImageTree tree =
        ImageTree.of(fileSystem, input, ImageTree.Links.INSIDE, name -> name.endsWith(".parquet"));
    List<Path> files = tree.images().stream().map(FolderEntry.File::path).toList();
    Check.input(!files.isEmpty(), "Invalid input: %s has no .parquet files", input);
    return of(
        fileSystem,
        new Files(
            fileSystem.makeQualified(input),
            files,
            Conventions.HUGGING_FACE,
            ImagePaths.inside(Optional.of(input), allowed, hadoop)),
        columns,
        tree.rejected(),
        tree.ignored());
  }

  /**
   * Reads the footers of the files of a table that a catalog or a format lists. Neither their names
   * nor their metadata say anything of the rows.
   *
   * @param paths the files, one or more
   * @param columns of the table; the image and the label are named
   * @param images where paths of images may lead
   * @param hadoop how to reach the filesystem
   * @throws InputException if they do not all have these columns, with images in them
   * @throws IOException if the storage fails
   */
  public static ParquetTable ofFiles(
      List<Path> paths, TableColumns columns, ImagePaths images, Configuration hadoop)
      throws IOException {
    ParquetTable table =
        of(
            Storage.of(paths.get(0), hadoop),
            new Files(new Path(Path.CUR_DIR), paths, Conventions.NONE, images),
            columns,
            List.of(),
            List.of());
    Check.input(
        table.schema.kind() != TableSchema.ImageKind.URI,
        "Invalid image column %s: it holds text",
        columns.image());
    return table;
  }

  /** Whether names of files say splits, and metadata the classes. */
  private enum Conventions {
    HUGGING_FACE,
    NONE
  }

  /** The files of a table below a folder, and where their paths of images may lead. */
  private record Files(Path root, List<Path> paths, Conventions conventions, ImagePaths images) {
    String split(Path file, TableColumns columns) {
      return conventions == Conventions.NONE || !columns.split().isEmpty()
          ? ""
          : ParquetTable.split(root, file).orElse("");
    }

    TableSchema schema(Path file, Footer footer, TableColumns columns) {
      try {
        return TableSchema.of(
            footer.schema(),
            conventions == Conventions.NONE ? Map.of() : footer.metadata(),
            columns);
      } catch (InputException e) {
        throw new InputException(
            "Cannot read " + file + ": " + Footer.printable(e.getMessage()), e);
      }
    }
  }

  private static ParquetTable of(
      FileSystem fileSystem,
      Files table,
      TableColumns columns,
      List<SourceListing.Rejected> rejected,
      List<String> ignored) {
    List<Path> files = table.paths();
    List<Footer> footers =
        files.parallelStream().map(file -> Footer.read(fileSystem, file)).toList();
    TableSchema first = table.schema(files.get(0), footers.get(0), columns);
    if (table.conventions() == Conventions.HUGGING_FACE) {
      columns
          .unusedSplit(footers.get(0).schema().getFields().stream().map(Type::getName).toList())
          .ifPresent(LOG::warn);
    }
    List<RowGroup> groups = new ArrayList<>();
    for (int i = 0; i < files.size(); i++) {
      TableSchema own = table.schema(files.get(i), footers.get(i), columns);
      Check.input(
          own.equals(first),
          "The columns of %s differ from those of %s: %s, not %s",
          files.get(i),
          files.get(0),
          own,
          first);
      MessageType read = own.projection(footers.get(i).schema(), TableSchema.Images.READ);
      String split = table.split(files.get(i), columns);
      for (int group = 0; group < footers.get(i).rowGroups(); group++) {
        if (footers.get(i).rows(group) > 0) { // PyArrow writes empty ones.
          for (String[] path : read.getPaths()) {
            footers.get(i).column(group, path); // Says what is wrong before a task begins.
          }
          groups.add(new RowGroup(files.get(i).toString(), table.images(), split, group));
        }
      }
    }
    Check.input(!groups.isEmpty(), "Input %s has no rows", table.root());
    return new ParquetTable(first, groups, rejected, ignored);
  }

  /** Whether the rows say how much they count. */
  public boolean isWeighted() {
    return !schema.weight().isEmpty();
  }

  /** The split that a file's name says, or that of a folder above it. */
  private static Optional<String> split(Path root, Path file) {
    Matcher shard = SHARD.matcher(file.getName());
    if (shard.matches()) {
      return Optional.of(SplitNames.of(shard.group(1)).orElse(shard.group(1)));
    }
    String relative = file.toString().substring(root.toString().length());
    String[] parts = relative.split("/", -1);
    return Stream.concat(
            Arrays.stream(parts), Arrays.stream(file.getName().split("[^A-Za-z0-9]+", -1)))
        .flatMap(word -> SplitNames.of(word).stream())
        .findFirst();
  }

  /** Its row groups, in the order of the files. */
  public List<RowGroup> rowGroups() {
    return rowGroups;
  }

  /** The classes that the files name; empty if they name none. */
  public List<String> classNames() {
    return schema.classNames();
  }

  /** Files that cannot be opened. */
  public List<SourceListing.Rejected> rejected() {
    return rejected;
  }

  /** Files that are not Parquet by their names, and others that are not read. */
  public List<String> ignored() {
    return ignored;
  }

  /**
   * Reads rows with their images.
   *
   * @param groups which row groups
   * @param hadoop how to reach the filesystem
   */
  public ParquetRows rows(Iterator<RowGroup> groups, Configuration hadoop) {
    return rows(groups, TableSchema.Images.READ, hadoop, RowGroupReader.DICTIONARY_BYTES);
  }

  /**
   * Reads rows without their images: those are all unreadable.
   *
   * @param groups which row groups
   * @param hadoop how to reach the filesystem
   */
  public ParquetRows descriptions(Iterator<RowGroup> groups, Configuration hadoop) {
    return rows(groups, TableSchema.Images.LEAVE_OUT, hadoop, RowGroupReader.DICTIONARY_BYTES);
  }

  /** Reads rows; dictionaries of more than {@code dictionaryBytes} are in temporary files. */
  ParquetRows rows(
      Iterator<RowGroup> groups,
      TableSchema.Images images,
      Configuration hadoop,
      int dictionaryBytes) {
    return new ParquetRows(groups, schema, images, hadoop, dictionaryBytes);
  }
}
