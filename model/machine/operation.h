#pragma once
#include "model/op/operation.h"
