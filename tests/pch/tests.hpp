// SPDX-License-Identifier: Apache-2.0
//
// Precompiled once for all tests: to read these two is two thirds of the time that it takes to read a test. They stand
// in for no include of a test's: build/native is built without them (tests/run).
#include <gmock/gmock.h>
#include <gtest/gtest.h>
