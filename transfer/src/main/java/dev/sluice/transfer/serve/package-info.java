/**
 * Serving contents to pullers, whole ones and those that still grow. Depends on {@code wire},
 * {@code pace}, {@code net}, {@code store}. Start with {@link
 * dev.sluice.transfer.serve.TransferServer}.
 */
@NullMarked
package dev.sluice.transfer.serve;

import org.jspecify.annotations.NullMarked;
