// SPDX-License-Identifier: Apache-2.0
#pragma once

// Boost 1.74's Asio uses std::exchange without it.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace parley::console {

namespace asio = boost::asio;
using boost::system::error_code;

}  // namespace parley::console
