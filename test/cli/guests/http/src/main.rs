// SPDX-License-Identifier: Apache-2.0 OR MIT
//! Sends a request to HOST:PORT, if it is given, and prints what comes of it.

use wasi::http::outgoing_handler::handle;
use wasi::http::types::{ErrorCode, Fields, OutgoingRequest, Scheme};

fn request(authority: &str) -> Result<u16, ErrorCode> {
    let request = OutgoingRequest::new(Fields::new());
    request.set_scheme(Some(&Scheme::Http)).unwrap();
    request.set_authority(Some(authority)).unwrap();
    request.set_path_with_query(Some("/path")).unwrap();
    let response = handle(request, None)?;
    response.subscribe().block();
    Ok(response.get().unwrap().unwrap()?.status())
}

fn main() {
    match std::env::args().nth(1) {
        Some(authority) => println!("{:?}", request(&authority)),
        None => println!("no request"),
    }
}
