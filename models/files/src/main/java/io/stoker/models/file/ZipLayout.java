// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.base.LittleEndian;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The headers and the directory of a zip archive (PKWARE's APPNOTE 6.3) whose entries are stored,
 * not compressed: the place of each byte is known, nothing can expand, and equal contents make
 * equal files. There are no time stamps, comments or extra fields. So names, sizes and checksums
 * determine every byte of headers and directory, and a reader compares them instead of parsing.
 */
final class ZipLayout {
  static final int LOCAL_SIGNATURE = 0x04034b50;
  static final int LOCAL_HEADER_BYTES = 30;

  private static final int CENTRAL_SIGNATURE = 0x02014b50;
  private static final int CENTRAL_HEADER_BYTES = 46;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END_BYTES = 22;

  /** Version 1.0 of the format: stored files. */
  private static final short VERSION = 10;

  /** 1 January 1980, the earliest date of the format. */
  private static final short DATE = 0x21;

  /**
   * One entry.
   *
   * @param name its ASCII name
   * @param size its bytes
   * @param crc the CRC-32 of its bytes
   */
  record Entry(String name, long size, int crc) {
    long localHeaderBytes() {
      return (long) LOCAL_HEADER_BYTES + name.length();
    }
  }

  private final List<Entry> entries = new ArrayList<>();
  private long position;

  /** Adds the next entry; returns the bytes before its data. */
  byte[] append(Entry entry) {
    entries.add(entry);
    position += entry.localHeaderBytes() + entry.size();
    return localHeader(entry);
  }

  /** The archive's size up to the last entry's end. */
  long position() {
    return position;
  }

  static byte[] localHeader(Entry entry) {
    byte[] bytes = new byte[(int) entry.localHeaderBytes()];
    ByteBuffer header = littleEndian(bytes);
    header.putInt(LOCAL_SIGNATURE);
    putCommon(header, entry);
    header.put(ascii(entry));
    return bytes;
  }

  /** The bytes after the last entry: the central directory and its end record. */
  byte[] directory() {
    int size =
        entries.stream().mapToInt(entry -> CENTRAL_HEADER_BYTES + entry.name().length()).sum();
    byte[] bytes = new byte[size + END_BYTES];
    ByteBuffer directory = littleEndian(bytes);
    long offset = 0;
    for (Entry entry : entries) {
      directory.putInt(CENTRAL_SIGNATURE).putShort(VERSION);
      putCommon(directory, entry);
      // No comment, disk 0, no attributes.
      directory.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
      directory.putInt((int) offset).put(ascii(entry));
      offset += entry.localHeaderBytes() + entry.size();
    }
    short count = (short) entries.size();
    directory.putInt(END_SIGNATURE).putShort((short) 0).putShort((short) 0);
    directory.putShort(count).putShort(count).putInt(size).putInt((int) offset);
    directory.putShort((short) 0);
    return bytes;
  }

  /** The part that local and central headers have in common. */
  private static void putCommon(ByteBuffer header, Entry entry) {
    // No flags, method "stored", midnight.
    header.putShort(VERSION).putShort((short) 0).putShort((short) 0);
    header.putShort((short) 0).putShort(DATE).putInt(entry.crc());
    header.putInt((int) entry.size()).putInt((int) entry.size());
    header.putShort((short) entry.name().length()).putShort((short) 0);
  }

  private static byte[] ascii(Entry entry) {
    return entry.name().getBytes(StandardCharsets.US_ASCII);
  }

  private static ByteBuffer littleEndian(byte[] bytes) {
    return LittleEndian.bytes(bytes);
  }
}
