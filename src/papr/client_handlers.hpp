// SPDX-License-Identifier: Apache-2.0
//
// The handlers for the table of services in client_services.cpp (IEEE 1275-1994, 6.3.2; LoPAR B.4).
#pragma once

#include "client_arguments.hpp"

namespace parley::papr::client {

using fdt::Phandle;

// client_tree.cpp: the device tree
ServiceResults finddevice(Context &context, const std::string &path);
ServiceResults child(Context &context, Phandle node);
ServiceResults peer(Context &context, Phandle node);
ServiceResults parent(Context &context, Phandle node);
ServiceResults getprop(Context &context, Phandle node, const std::string &name, Buffer buffer);
ServiceResults getproplen(Context &context, Phandle node, const std::string &name);
ServiceResults nextprop(Context &context, Phandle node, const std::string &previous, GuestAddress32 into);
ServiceResults setprop(Context &context, Phandle node, const std::string &name, Buffer buffer);
ServiceResults package_to_path(Context &context, Phandle node, Buffer buffer);

// client_devices.cpp: open devices, memory, methods
ServiceResults open(Context &context, const std::string &path);
ServiceResults close(Context &context, Instance instance);
ServiceResults instance_to_package(Context &context, Instance instance);
ServiceResults instance_to_path(Context &context, Instance instance, Buffer buffer);
ServiceResults write(Context &context, Instance instance, Buffer buffer);
ServiceResults read(Context &context, Instance instance, Buffer buffer);
ServiceResults claim(Context &context, GuestAddress32 at, Size size, Alignment alignment);
ServiceResults release(Context &context, GuestAddress32 at, Size size);
ServiceResults call_method(Context &context, const std::string &method, Instance instance, Cell argument);

}  // namespace parley::papr::client
