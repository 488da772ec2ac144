package dev.sluice.sim.redfish;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.file.AsyncFile;
import io.vertx.core.file.OpenOptions;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;

/** Fetches an image by HTTP into a file, no more of it than the bound. */
final class ImageDownload {

    private static final int CONNECT_MILLIS = 5_000;
    private static final int IDLE_SECONDS = 15;

    private final Vertx vertx;
    private final HttpClient client;
    private final long maxBytes;

    ImageDownload(Vertx vertx, long maxBytes) {
        this.vertx = vertx;
        this.maxBytes = maxBytes;
        this.client =
                vertx.createHttpClient(
                        new HttpClientOptions()
                                .setConnectTimeout(CONNECT_MILLIS)
                                .setIdleTimeout(IDLE_SECONDS));
    }

    /** Completes when the file is written and closed; fails with the reason otherwise. */
    Future<Void> fetch(URI uri, Path file) {
        RequestOptions options =
                new RequestOptions()
                        .setMethod(HttpMethod.GET)
                        .setAbsoluteURI(uri.toString())
                        .setFollowRedirects(false);
        return client.request(options)
                .compose(request -> request.send().map(HttpClientResponse::pause))
                .compose(response -> {
                    if (response.statusCode() != 200) {
                        // The reset ends the response with an exception that says nothing new.
                        response.exceptionHandler(_ -> {});
                        response.request().reset();
                        return Future.failedFuture(
                                new IOException(
                                        "expected status 200, found " + response.statusCode()));
                    }
                    return vertx.fileSystem()
                            .open(
                                    file.toString(),
                                    new OpenOptions().setWrite(true).setCreateNew(true))
                            .compose(target -> pour(response, target));
                });
    }

    Future<Void> close() {
        return client.close();
    }

    private Future<Void> pour(HttpClientResponse response, AsyncFile target) {
        Promise<Void> poured = Promise.promise();
        long[] received = {0};
        target.exceptionHandler(poured::tryFail);
        response.exceptionHandler(poured::tryFail);
        response.handler(bytes -> {
            received[0] += bytes.length();
            if (received[0] > maxBytes) {
                poured.tryFail(new IOException("larger than " + maxBytes + " bytes"));
                response.request().reset();
                return;
            }
            target.write(bytes).onFailure(poured::tryFail);
            if (target.writeQueueFull()) {
                response.pause();
                target.drainHandler(_ -> response.resume());
            }
        });
        response.endHandler(_ -> poured.tryComplete());
        response.resume();
        return poured.future().eventually(target::close);
    }
}
